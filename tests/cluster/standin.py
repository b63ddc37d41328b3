"""A stand-in for a Kubernetes API and an S3 bucket on one port: it notes the jobs that are asked for and runs none."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BUCKET = "lcr"
MODIFIED = "2100-01-01T00:00:00.000Z"  # newer than the stamps: what is in the bucket needs no remaking
KUBECONFIG = """
{{apiVersion: v1, kind: Config, current-context: c,
 clusters: [{{name: c, cluster: {{server: "{url}"}}}}], users: [{{name: u, user: {{}}}}],
 contexts: [{{name: c, context: {{cluster: c, user: u}}}}]}}
"""


class StandIn(ThreadingHTTPServer):
    """jobs: the bodies of the jobs that were submitted. objects: the files in the bucket, by key."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects, self.jobs = objects, list[dict[str, Any]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def stand_in(objects: dict[str, bytes]) -> Iterator[StandIn]:
    with StandIn(objects) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def answer(self, status: int, body: bytes = b"", kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Fri, 01 Jan 2100 00:00:00 GMT")
        self.send_header("ETag", '"0"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self) -> None:
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        at = urlsplit(self.path)
        top, _, key = at.path.lstrip("/").partition("/")
        if top in ("api", "apis"):
            if self.command == "POST" and at.path.endswith("/jobs"):
                self.server.jobs.append(json.loads(sent))
            self.answer(200, json.dumps({"items": []} if at.path.endswith("/pods") else {"status": {}}).encode())
        elif not key and self.command == "GET":
            self.answer(200, self.listing(parse_qs(at.query).get("prefix", [""])[0]), "application/xml")
        elif self.command == "DELETE":
            self.answer(204)
        elif self.command == "PUT":
            self.server.objects[key] = sent
            self.answer(200)
        else:
            there = not key or key in self.server.objects
            self.answer(200 if there else 404, self.server.objects.get(key, b""), "binary/octet-stream")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    def listing(self, prefix: str) -> bytes:
        rows = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{MODIFIED}</LastModified><Size>{len(held)}</Size></Contents>"
            for key, held in self.server.objects.items()
            if key.startswith(prefix)
        )
        return f"<ListBucketResult><Name>{BUCKET}</Name>{rows}</ListBucketResult>".encode()
