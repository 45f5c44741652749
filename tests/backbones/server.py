"""A real HTTP server on the loopback interface, whose answers a test writes beforehand."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class FileServer:
    """Serves `files` (path to content), over TLS if it has a certificate.

    Answers in `script` come first, one a request; then all is well.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.etag = '"first"'
        self.script: deque[Callable[[_Handler, bytes], None]] = deque()
        self.requests: list[dict[str, str]] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.content = self  # type: ignore[attr-defined]
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="file server")

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each request so far."""
        return [request.get("range") for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(120)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def site(self) -> FileServer:
        return self.server.content  # type: ignore[attr-defined,no-any-return]

    def do_GET(self) -> None:
        self.site.requests.append({name.lower(): value for name, value in self.headers.items()})
        body = self.site.files.get(self.path.lstrip("/"))
        if body is None:
            self.send_error(404)
            return
        answer = self.site.script.popleft() if self.site.script else well
        try:
            answer(self, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", headers.pop("kind", "application/octet-stream"))
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def cut_off(self) -> None:
        """Close without having sent what was promised."""
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""


Answer = Callable[[_Handler, bytes], None]


def well(handler: _Handler, body: bytes) -> None:
    """As a good server does: ranges, If-Range, 416."""
    wanted = handler.headers.get("Range")
    condition = handler.headers.get("If-Range")
    if wanted is None or (condition is not None and condition != handler.site.etag):
        handler.head(200, len(body), ETag=handler.site.etag)
        handler.wfile.write(body)
        return
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(body):
        handler.head(416, 0, Content_Range=f"bytes */{len(body)}")
        return
    handler.head(
        206, len(body) - start, ETag=handler.site.etag, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}"
    )
    handler.wfile.write(body[start:])


def breaks_off(count: int) -> Answer:
    """Sends `count` bytes of what it promised, from wherever it was asked to start."""

    def answer(handler: _Handler, body: bytes) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        if start:
            handler.head(206, len(body) - start, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.head(200, len(body), ETag=handler.site.etag)
        handler.wfile.write(body[start : start + count])
        handler.cut_off()

    return answer


def stalls(count: int) -> Answer:
    """Sends `count` bytes and then nothing, until the server ends."""

    def answer(handler: _Handler, body: bytes) -> None:
        handler.head(200, len(body), ETag=handler.site.etag)
        handler.wfile.write(body[:count])
        handler.wfile.flush()
        handler.site.closing.wait(120)
        handler.cut_off()

    return answer


def slowly(pieces: int, seconds: float) -> Answer:
    """Sends the body in so many pieces, with so many seconds in between."""

    def answer(handler: _Handler, body: bytes) -> None:
        handler.head(200, len(body))
        step = -(-len(body) // pieces)
        for start in range(0, len(body), step):
            handler.wfile.write(body[start : start + step])
            handler.wfile.flush()
            time.sleep(seconds)

    return answer


def without_ranges(handler: _Handler, body: bytes) -> None:
    """Sends everything, whatever was asked for."""
    handler.head(200, len(body))
    handler.wfile.write(body)


def wrong_range(handler: _Handler, body: bytes) -> None:
    """Answers a range with the wrong part of the file."""
    handler.head(206, len(body) - 1, Content_Range=f"bytes 1-{len(body) - 1}/{len(body)}")
    handler.wfile.write(body[1:])


def promises(length: int | None) -> Answer:
    """Sends the whole body under a false length, or none at all, and closes."""

    def answer(handler: _Handler, body: bytes) -> None:
        handler.head(200, length, Connection="close")
        handler.wfile.write(body if length is None else body[:length])
        handler.cut_off()

    return answer


def instead(body: bytes, kind: str = "application/octet-stream", status: int = 200) -> Answer:
    """Sends something else."""

    def answer(handler: _Handler, _: bytes) -> None:
        handler.head(status, len(body), kind=kind)
        handler.wfile.write(body)

    return answer


def endlessly(handler: _Handler, _: bytes) -> None:
    """Sends more and more, without a length."""
    handler.head(200, None, Connection="close")
    while not handler.site.closing.is_set():
        handler.wfile.write(bytes(1 << 18))
