"""What a window needs of the system: libraries that Qt loads on Linux, their Debian packages, and a display.

Standard library only, and it has to parse on Python 3.8: `packaging/bootstrap.py` uses it before
anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import platform as machine
import shutil
import sys
from typing import Callable, Mapping  # noqa: UP035 (subscripted on Python 3.8)

# Needed even where Qt paints into memory (platform "offscreen").
OFFSCREEN_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
# Needed to open a window on X11; their packages bring the rest of what the xcb plug-in loads.
WINDOW_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
}

# Programs that independent checks use where they are there; nothing needs them.
OTHER_TOOLS = ("git", "exiftool", "ffprobe", "Xvfb", "xdotool")


def can_load(library: str) -> bool:
    """Whether the dynamic loader finds this library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_display(environment: Mapping[str, str] | None = None, platform: str | None = None) -> bool:
    """Whether there is a screen: always on Windows and macOS, on Linux where the environment names one."""
    if (platform or sys.platform) in ("win32", "darwin"):
        return True
    values = os.environ if environment is None else environment
    return bool(values.get("DISPLAY") or values.get("WAYLAND_DISPLAY"))


def missing_packages(for_a_screen: bool, loads: Callable[[str], bool] | None = None) -> list[str]:
    """The Debian packages, each once, whose libraries `loads` (the dynamic loader) does not find.

    With `for_a_screen` also those that only a real window needs. Empty where this isn't Linux.
    """
    if loads is None:
        if sys.platform != "linux":
            return []
        loads = can_load
    wanted = {**OFFSCREEN_LIBRARIES, **(WINDOW_LIBRARIES if for_a_screen else {})}
    return list(dict.fromkeys(package for library, package in wanted.items() if not loads(library)))


def report(loads: Callable[[str], bool] | None = None) -> list[str]:
    """Lines on what this machine has of the libraries, and of the tools that some tests ask; for a log's first lines.

    A machine where somebody installed by hand what the project should install itself is noticed here.
    """
    loads = loads or can_load
    lines = [f"machine: {machine.platform()}, Python {machine.python_version()}, display: {has_display()}"]
    for title, wanted in (("offscreen", OFFSCREEN_LIBRARIES), ("window", WINDOW_LIBRARIES)):
        found = [library for library in wanted if loads(library)]
        missing = [library for library in wanted if library not in found]
        lines.append(f"libraries for Qt ({title}), found: {' '.join(found) or 'none'}")
        lines.append(f"libraries for Qt ({title}), missing: {' '.join(missing) or 'none'}")
    tools = [tool for tool in OTHER_TOOLS if shutil.which(tool)]
    lines.append(f"tools that tests don't need but would use, found: {' '.join(tools) or 'none'}")
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
