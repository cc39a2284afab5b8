# docker build --target cpu -t coldframe .      the default; --target cuda for NVIDIA GPUs
FROM python:3.12-slim AS source
RUN pip install --no-cache-dir uv
WORKDIR /source
COPY pyproject.toml README.md LICENSE coldframe.py ./
COPY archive archive
COPY cli cli
COPY coldframe-stubs coldframe-stubs
COPY migrations migrations

FROM source AS cuda
RUN uv pip install --system --no-cache --torch-backend cu128 '.[postgres,serve,watch]'
WORKDIR /archive
ENTRYPOINT ["coldframe"]

FROM source AS cpu
RUN uv pip install --system --no-cache --torch-backend cpu '.[postgres,serve,watch]'
WORKDIR /archive
ENTRYPOINT ["coldframe"]
