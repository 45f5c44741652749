"""How long the GUI thread is blocked while a match runs: the lateness of an 8 ms timer.

Run as `python -m tests.benchmarks.window [--size 448] [--runs 3] [--json]`, on a screen or with
QT_QPA_PLATFORM=offscreen. The same timer in the same window without a match is the reference.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer

INTERVAL = 0.008


class Lateness:
    """How much later than asked for an 8 ms timer fires, in milliseconds."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._last: float | None = None
        self._timer = QTimer()
        self._timer.setInterval(round(INTERVAL * 1000))
        self._timer.timeout.connect(self._on_tick)

    def start(self) -> None:
        self.late, self._last = [], None
        self._timer.start()

    def stop(self) -> dict[str, float]:
        self._timer.stop()
        late = np.asarray(self.late) * 1000
        return {
            "ticks": len(late),
            "p50": float(np.percentile(late, 50)),
            "p99": float(np.percentile(late, 99)),
            "worst": float(late.max()),
        }

    def _on_tick(self) -> None:
        now = time.perf_counter()
        if self._last is not None:
            self.late.append(max(0.0, now - self._last - INTERVAL))
        self._last = now


def measure(size: int, runs: int) -> dict[str, dict[str, float]]:
    """Open the sample photographs, then time the timer without a match, and during `runs` matches."""
    import sys

    from studio.gui.shell.app import SWITCH_INTERVAL, make_application
    from studio.gui.shell.main_window import MainWindow
    from studio.gui.widgets.theme import apply_theme

    sys.setswitchinterval(SWITCH_INTERVAL)
    app = make_application()
    apply_theme(app, "dark")
    window = MainWindow()
    window.document.ask_to_save = lambda _: "discard"
    window.show()

    def turn(until, seconds: float = 300.0) -> None:
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            app.processEvents()
            time.sleep(0.0005)

    turn(lambda: bool(window.devices))
    window.opener.open_sample(next(iter(_samples())))
    turn(lambda: window.state.has_both)
    window.panel("match").form.editors["working_size"].set_value(size)
    lateness = Lateness()
    results = {}
    lateness.start()
    rest = time.monotonic() + 3
    turn(lambda: time.monotonic() > rest)
    results["idle"] = lateness.stop()
    window.panel("match").run()  # the first run loads the network
    turn(lambda: not window.panel("match").is_running)
    lateness.start()
    for _ in range(runs):
        window.panel("match").run()
        turn(lambda: not window.panel("match").is_running)
    results["match"] = lateness.stop()
    results["match"]["pairs"] = len(window.state.pairs)
    window.close()
    return results


def _samples() -> dict[str, object]:
    from studio.samples import SAMPLES

    return dict(SAMPLES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=448, help="working size of the match, px")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BUDDIES_STUDIO_CONFIG"] = os.environ["BUDDIES_STUDIO_DATA"] = str(Path(folder))
        results = measure(arguments.size, arguments.runs)
    if arguments.json:
        print(json.dumps(results, indent=1))
        return
    print(f"lateness of an 8 ms timer in the GUI thread, ms (working size {arguments.size} px)")
    for name, row in results.items():
        figures = "  ".join(f"{key} {row[key]:6.2f}" for key in ("p50", "p99", "worst"))
        print(f"{name:>6}: {figures}  ({row['ticks']:.0f} ticks)")


if __name__ == "__main__":
    main()
