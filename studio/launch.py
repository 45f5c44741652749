"""Opens the window, or says in one sentence why this machine can't."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from pathlib import Path

from studio.chatter import chatter_logged
from studio.errors import StudioError
from studio.system_libraries import OFFSCREEN_LIBRARIES, WINDOW_LIBRARIES, has_display, missing_packages


class NoWindow(StudioError):
    """This machine can't show a window."""


def open_window(a: Path | None = None, b: Path | None = None, *, sample: str | None = None) -> int:
    """Open the window with pictures or a sample pair, and stay until it is closed.

    Returns the exit code. Imports neither torch nor the command line, for the sake of a quick start.

    Raises
    ------
    NoWindow
        No display, or Qt lacks libraries of the system.
    """
    obstacle = why_no_window()
    if obstacle:
        raise NoWindow(obstacle)
    try:
        from studio.gui.shell.app import run_window
    except ImportError as error:
        advice = _library_advice(str(error), for_a_screen=False)
        if advice is None:
            raise
        raise NoWindow(advice) from error
    with chatter_logged():
        return run_window(a, b, sample)


def why_no_window() -> str | None:
    """A sentence on what keeps this machine from showing a window; None if nothing is known to.

    Qt itself would end the process without a word that Python could catch, so what it is about to
    do is tried before: reach the display, and load the plug-in with all its libraries.
    """
    if sys.platform != "linux":
        return None
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if not platform and not has_display():
        return (
            "There is no display here, so no window can be opened (on a server, set DISPLAY or use “ssh -X”); "
            "`buddies-studio match` and `demo --no-window` work without one."
        )
    if platform.startswith("xcb") or not (platform or os.environ.get("WAYLAND_DISPLAY")):
        return _why_no_x11()
    return None


def _why_no_x11() -> str | None:
    package = importlib.util.find_spec("PySide6")
    folders = package.submodule_search_locations if package else None
    plugin = Path(folders[0], "Qt", "plugins", "platforms", "libqxcb.so") if folders else None
    if plugin is not None and plugin.exists():
        try:
            ctypes.CDLL(str(plugin))
        except OSError as error:
            return _library_advice(str(error), for_a_screen=True)
    if not _x11_answers():
        return f"The display “{os.environ.get('DISPLAY', '')}” does not answer, so no window can be opened."
    return None


def _x11_answers() -> bool:
    """Whether the X server named by DISPLAY lets us in; yes if that can't be asked."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not refused


def _library_advice(problem: str, for_a_screen: bool) -> str | None:
    """What to install, if `problem` is the loader's complaint about a library of the system."""
    found = re.search(r"(\S+\.so[.\d]*): cannot open shared object file", problem)
    if found is None:
        return None
    library = found[1]
    package = {**OFFSCREEN_LIBRARIES, **WINDOW_LIBRARIES}.get(library)
    packages = dict.fromkeys([*([package] if package else []), *missing_packages(for_a_screen)])
    sentence = f"Qt can't open a window, because the library {library} is missing"
    return f"{sentence}; please run: sudo apt install {' '.join(packages)}" if packages else f"{sentence}."
