"""Process start to first paint of the window, beside what Python and Qt take by themselves in the same run.

    python -m tests.benchmarks.start [--runs 7] [--pictures A B] [--json]

The second start is what is measured: a first one, not counted, brings the files into the system's
cache. Without a display Qt paints into memory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from studio.system_libraries import has_display

TARGET = 1.5
"""Seconds from process start to first paint that the program is built to."""


def first_paint(pictures: list[str], environment: dict[str, str]) -> float:
    """Seconds from before the process exists until its window has painted itself once."""
    with tempfile.TemporaryDirectory() as folder:
        mark = Path(folder) / "mark"
        variables = {**environment, "BUDDIES_STUDIO_START_MARK": str(mark), "BUDDIES_STUDIO_QUIT_AFTER_PAINT": "1"}
        start = time.time()
        done = subprocess.run(
            [sys.executable, "-m", "studio", *pictures], env=variables, capture_output=True, text=True, timeout=120
        )
        if not mark.exists():
            sys.exit(f"The window did not paint itself (exit code {done.returncode}).\n{done.stderr}")
        return float(mark.read_text(encoding="utf-8")) - start


def whole_process(code: str, environment: dict[str, str]) -> float:
    """Seconds that `python -c code` takes from start to end."""
    start = time.time()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    return time.time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7, help="measured starts, after one that is not counted")
    parser.add_argument("--pictures", nargs=2, default=[], metavar=("A", "B"), help="open the window with pictures")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, **{f"BUDDIES_STUDIO_{name}": f"{home}/{name}" for name in ("CONFIG", "LOGS")}}
        if not has_display():
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        measured: dict[str, Callable[[], float]] = {
            "window": lambda: first_paint(options.pictures, environment),
            "python": lambda: whole_process("pass", environment),
            "qt": lambda: whole_process("import PySide6.QtWidgets", environment),
        }
        # In turns, so that a busy moment of the machine falls on all three.
        rounds = [{name: take() for name, take in measured.items()} for _ in range(options.runs + 1)][1:]
    figures = {f"{name}_seconds": statistics.median(turn[name] for turn in rounds) for name in measured}
    figures["window_to_python"] = statistics.median(turn["window"] / turn["python"] for turn in rounds)
    figures["window_to_qt"] = statistics.median(turn["window"] / turn["qt"] for turn in rounds)
    if options.json:
        print(json.dumps(figures, indent=1))
        return
    print(
        f"first paint            {figures['window_seconds']:6.2f} s   (built to {TARGET} s; median of {options.runs})"
    )
    print(
        f"python -c pass         {figures['python_seconds']:6.2f} s   window / this: {figures['window_to_python']:.1f}"
    )
    print(f"import PySide6 widgets {figures['qt_seconds']:6.2f} s   window / this: {figures['window_to_qt']:.1f}")


if __name__ == "__main__":
    main()
