"""`coldframe serve`: archives over HTTP. The door of FastAPI, Starlette, uvicorn and Prometheus.

    application   the app, put together          server     sockets, time limits, signals
    access        who may ask: token, Host, Origin, and the headers of every answer
    limits        bodies: how large, how slow    problems   errors as RFC 9457
    served        archives by name               documents  what is sent and received, as models
    filters       which rows are meant           queries    words + pictures − words → hits
    pictures      row → PNG; original → what a browser shows
    jobs          one worker                     job_kinds  what a job does
    routes_…      the paths below /api/v1        metrics    figures for Prometheus

Endpoints are plain functions in a few threads; what decodes a picture has threads of its own, so
that searches never wait for it. Everything they use of an archive may be used by any thread.
"""
