"""One HTTP connection in a thread of its own, so that whoever waits for it can go away at once."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import queue
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import studio
from studio.language import tr

BLOCK = 1 << 18
SILENCE = 20.0
"""Seconds without a byte after which a connection counts as broken."""


class Broken(Exception):
    """The connection failed in a way that may pass; the text fits behind "for"."""


class Refused(Exception):
    """The server will not give the file, however often it is asked; the text fits behind "for"."""


class StartAgain(Exception):
    """The server can't go on where the last connection stopped."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of a response: where in the file its body starts, the size of the whole file if it is
    known, and what to send as If-Range so that no two versions of a file are mixed."""

    start: int
    total: int | None
    validator: str | None


Event: TypeAlias = Answer | bytes | Exception


class Connection(threading.Thread):
    """Asks for `url` from byte `position` on.

    `events` then holds an `Answer`, blocks of bytes and an empty block at the end of the body; or an
    exception: `Broken`, `Refused`, `StartAgain`, or whatever is a bug.
    """

    def __init__(self, url: str, position: int, validator: str | None) -> None:
        super().__init__(name="download", daemon=True)
        self.events: queue.Queue[Event] = queue.Queue(maxsize=16)
        self._url = url
        self._position = position
        self._validator = validator
        self._given_up = threading.Event()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def abort(self) -> None:
        """End the connection; a thread that still looks up the host's name ends by itself later."""
        self._given_up.set()
        with self._lock:
            for connected in self._sockets:
                _shut(connected)
        self.join(1.0)

    def run(self) -> None:
        try:
            self._read()
        except Exception as error:
            self._put(_explain(error, self._url))

    def _read(self) -> None:
        headers = {"User-Agent": f"buddies-studio/{studio.__version__}", "Accept-Encoding": "identity"}
        if self._position:
            headers["Range"] = f"bytes={self._position}-"
            if self._validator:
                headers["If-Range"] = self._validator
        request = urllib.request.Request(self._url, headers=headers)
        opener = urllib.request.build_opener(_Http(self._note), _Https(self._note))
        with opener.open(request, timeout=SILENCE) as response:
            self._put(_answer(response, self._position))
            while not self._given_up.is_set():
                block = response.read1(BLOCK)
                self._put(block)
                if not block:
                    return

    def _note(self, connected: socket.socket) -> None:
        with self._lock:
            self._sockets.append(connected)
            if self._given_up.is_set():
                _shut(connected)

    def _put(self, event: Event) -> None:
        while not self._given_up.is_set():
            try:
                self.events.put(event, timeout=0.1)
            except queue.Full:
                continue
            return


def _answer(response: Any, position: int) -> Answer:
    kind = response.headers.get_content_type()
    if kind in ("text/html", "application/xhtml+xml"):
        raise Refused(tr("a web page came instead of the file (does this network ask for a log-in?)"))
    etag = response.headers.get("ETag") or ""
    validator = (None if etag.startswith("W/") else etag or None) or response.headers.get("Last-Modified")
    if response.status == http.client.PARTIAL_CONTENT:
        part = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range") or "")
        if part is None or int(part[1]) != position:
            raise StartAgain
        return Answer(position, None if part[2] == "*" else int(part[2]), validator)
    length = response.headers.get("Content-Length")
    return Answer(0, int(length) if length and length.isdecimal() else None, validator)


def _explain(error: Exception, url: str) -> Exception:
    host = urlsplit(url).netloc or url
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return StartAgain()
        text = tr("{host} answered {code} {reason}", host=host, code=error.code, reason=error.reason).strip()
        return Broken(text) if error.code in (408, 425, 429) or error.code >= 500 else Refused(text)
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Refused(
            tr("the certificate of {host} can't be verified ({reason})", host=host, reason=reason.verify_message)
        )
    if isinstance(reason, TimeoutError):
        return Broken(tr("{host} does not answer", host=host))
    if isinstance(error, urllib.error.URLError):
        return Broken(tr("there is no connection to {host}", host=host))
    if isinstance(error, OSError | http.client.HTTPException):
        return Broken(tr("the connection to {host} broke off", host=host))
    return error


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side may have been quicker
        # The plain socket's method: that of a TLS socket takes away the state another thread reads with.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _trusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if importlib.util.find_spec("certifi"):  # Python from python.org brings no certificates on macOS
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _noting(base: Any, note: Callable[[socket.socket], None]) -> Any:
    """A connection class that hands its socket to `note` as soon as it is connected."""

    class Noting(base):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            note(self.sock)

    return Noting


class _Http(urllib.request.HTTPHandler):
    def __init__(self, note: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self._connection = _noting(http.client.HTTPConnection, note)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, note: Callable[[socket.socket], None]) -> None:
        self._trusted = _trusted()
        super().__init__(context=self._trusted)
        self._connection = _noting(http.client.HTTPSConnection, note)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req, context=self._trusted)
