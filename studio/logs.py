"""The log file: where the program writes what happened, for the person and for a bug report."""

from __future__ import annotations

import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from studio import paths

FILE_NAME = "buddies-studio.log"
FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

log = logging.getLogger("studio")


class _QuietFile(RotatingFileHandler):
    """A log file that never stops the program: full disks and files held by others are passed over."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def set_up() -> Path | None:
    """Write the log to a rotating file, and errors that nobody caught too; may be called again.

    The program's own messages are kept from INFO on, those of libraries (and Python's warnings,
    which would clutter the terminal) from WARNING on.

    Returns
    -------
    Path or None
        The file; None if the folder can't be written, and the program goes on without a log.
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _QuietFile)]:
        root.removeHandler(handler)
        handler.close()
    log.setLevel(logging.INFO)
    logging.captureWarnings(True)
    _catch_the_uncaught()
    file = paths.log_dir() / FILE_NAME
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = _QuietFile(file, maxBytes=1_000_000, backupCount=3, encoding="utf-8", errors="backslashreplace")
    except OSError:
        # Without any handler Python would print warnings on the terminal after all.
        root.addHandler(logging.NullHandler())
        return None
    handler.setFormatter(logging.Formatter(FORMAT))
    root.addHandler(handler)
    return file


def _catch_the_uncaught() -> None:
    """Log what reaches the top of a thread, then do what was done before."""
    if getattr(sys.excepthook, "logs", False):
        return
    in_main, in_thread = sys.excepthook, threading.excepthook

    def main_hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.critical("unhandled error", exc_info=(kind, error, trace))
        in_main(kind, error, trace)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            where = args.thread.name if args.thread else "a thread"
            log.critical("unhandled error in %s", where, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))
        in_thread(args)

    main_hook.logs = True  # type: ignore[attr-defined]
    sys.excepthook, threading.excepthook = main_hook, thread_hook
