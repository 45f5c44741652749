"""Shows how far a job is on the program's entry in the task bar of the desktop, where that is possible.

Docks of Linux desktops (KDE Plasma, Ubuntu's, Dash to Dock, Plank, Latte) listen on the session's D-Bus for what the
launcher API of Unity says. Without such a bus, and on other systems, nothing is shown.
"""

from __future__ import annotations

import logging
import os
import sys

from PySide6.QtCore import QCoreApplication

log = logging.getLogger(__name__)

INTERFACE = "com.canonical.Unity.LauncherEntry"
PATH = "/com/canonical/unity/launcherentry/{number}"


class TaskBar:
    """The entry of this program; `is_there` says whether anybody could show it."""

    def __init__(self) -> None:
        self.is_there = sys.platform == "linux" and bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))
        self._shown: tuple[bool, int] = (False, 0)

    def show(self, share: float | None, urgent: bool = False) -> None:
        """Show a share, 0 to 1, or none; `urgent` asks for the person's attention."""
        state = (share is not None, round(100 * (share or 0.0)))
        if not self.is_there or (state == self._shown and not urgent):
            return
        self._shown = state
        self.is_there = self._send({"progress-visible": state[0], "progress": state[1] / 100, "urgent": urgent})

    def _send(self, values: dict[str, object]) -> bool:
        try:
            from PySide6.QtDBus import QDBusConnection, QDBusMessage  # not every build of Qt has it
        except ImportError:
            log.info("no D-Bus in this Qt: nothing is shown in the task bar")
            return False
        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            return False
        message = QDBusMessage.createSignal(PATH.format(number=os.getpid()), INTERFACE, "Update")
        name = QCoreApplication.instance().property("desktopFileName") or "buddies-studio"  # type: ignore[union-attr]
        message.setArguments([f"application://{name}.desktop", values])
        return bool(bus.send(message))
