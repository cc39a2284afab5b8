"""A search page for an archive: `python examples/web_search.py ARCHIVE`, then open localhost:8000.

Restored images are served as files, which are marked as reconstructions.
"""

import sys
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import coldframe

FORM = "<meta charset=utf-8><form><input name=q value='{}' autofocus></form>"


def search_page(archive: coldframe.Archive, folder: Path) -> WSGIApplication:
    """`/?q=WORDS` lists hits, `/ID` is the image restored from that row."""

    def app(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        image_id = environ["PATH_INFO"].strip("/")
        if image_id.isdecimal():
            [restored] = archive.restore(int(image_id), folder)
            respond("200 OK", [("Content-Type", "image/jpeg")])
            return [Path(restored.file or "").read_bytes()]
        words = parse_qs(environ.get("QUERY_STRING", "")).get("q", [""])[0]
        hits = archive.search(words) if words else []
        items = [f"<p><a href='/{h.id}'>{h.score:.2f}</a> {escape(h.path)}" for h in hits]
        respond("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return ["".join([FORM.format(escape(words)), *items]).encode("utf-8", "replace")]

    return app


if __name__ == "__main__":
    with coldframe.Archive(sys.argv[1]) as opened, tempfile.TemporaryDirectory() as temporary:
        make_server("localhost", 8000, search_page(opened, Path(temporary))).serve_forever()
