"""What editing and saving cost the GUI thread, with two pictures of 12 megapixels and many pairs.

Run as `python -m tests.benchmarks.document [--pairs 500] [--edits 60] [--json]`, on a screen or with
QT_QPA_PLATFORM=offscreen. An 8 ms timer tells how long the thread is blocked while pairs are edited without autosave
("edits") and with it ("kept"), while the slider of an option goes up and down ("turn"), while regions are painted
without autosave ("strokes") and with it ("paint"), and while the project is saved and opened; the same timer in the
same window at rest is the reference. Then one point is dragged through a window with many pairs, and each step is timed
from the mouse to the painted frame.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from tests.benchmarks.window import Lateness

SIZE = (4000, 3000)


def picture_file(path: Path, seed: int) -> Path:
    """A JPEG of 12 megapixels whose length is that of a photograph."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (75, 100, 3), dtype=np.uint8)).resize(
        SIZE, Image.Resampling.BICUBIC
    )
    fine = random.normal(0, 9, (SIZE[1], SIZE[0], 1)).astype(np.float32)
    pixels = np.clip(np.asarray(coarse, np.float32) + fine, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=92)
    return path


def measure(pairs: int, edits: int, folder: Path) -> dict[str, dict[str, float]]:
    import sys

    from studio.gui.shell.app import SWITCH_INTERVAL, make_application
    from studio.gui.shell.main_window import MainWindow
    from studio.gui.widgets.theme import apply_theme
    from studio.pairs import PairSet

    sys.setswitchinterval(SWITCH_INTERVAL)
    app = make_application()
    apply_theme(app, "dark")
    window = MainWindow(warm_up=False)
    window.document.ask_to_save = lambda _: "discard"
    window.resize(1500, 940)
    window.show()

    def turn(until: Callable[[], bool], seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            app.processEvents()
            time.sleep(0.0005)

    def rest(seconds: float) -> None:
        stop = time.monotonic() + seconds
        turn(lambda: time.monotonic() > stop)

    window.opener.open_paths([picture_file(folder / "a.jpg", 1), picture_file(folder / "b.jpg", 2)], "A")
    turn(lambda: window.state.has_both)
    turn(lambda: window.document.autosave.is_idle)
    random = np.random.default_rng(3)
    points = random.random((pairs, 2)) * (np.asarray(SIZE) - 1)
    window.state.set_pairs(PairSet.from_arrays(points, points, rank=random.random(pairs), level=1))
    turn(lambda: window.document.autosave.is_idle)
    gc.freeze()  # as the program does when all is loaded
    lateness, results = Lateness(), {}

    def timed(name: str, work: Callable[[], None]) -> None:
        rest(0.3)
        lateness.start()
        work()
        results[name] = lateness.stop()

    def edit() -> None:
        for number in range(edits):
            window.state.drag_point("A", 1 + number % pairs, (float(number), 10.0))
            window.state.drop_point("A", 1 + number % pairs)
            rest(0.05)
        turn(lambda: window.document.autosave.is_idle)

    def paint() -> None:
        painting = window.panel("style").regions.painting
        painting.take([])
        painting.add()
        for number in range(edits):
            side = "AB"[number % 2]
            x, y = random.random(2) * 0.7 * np.asarray(SIZE)
            painting.begin(side, (x, y))
            for step in range(1, 9):
                painting.go_to((x + 60.0 * step, y + 45.0 * step))
                rest(0.01)
            painting.end()
            rest(0.05)
        turn(lambda: window.document.autosave.is_idle)

    def turn_knob() -> None:
        editor = window.panel("match").form.editors["consistency"]
        for number in range(edits):
            editor.set_value((number % 20) / 20)
            rest(0.05)
        turn(lambda: window.document.autosave.is_idle)

    def save() -> None:
        window.document.save_to(folder / "project.buddies")
        turn(lambda: window.document.project is not None)

    def open_again() -> None:
        before = window.state.picture("A")
        window.document.open_path(folder / "project.buddies")
        turn(lambda: window.state.picture("A") is not before)

    timed("rest", lambda: rest(2.0))
    window.document.autosave.enabled = False
    timed("edits", edit)
    window.document.autosave.enabled = True
    timed("kept", edit)
    timed("turn", turn_knob)
    window.actions_["mode_style"].trigger()
    window.panel("style").result_pane.strip_button.setChecked(False)
    window.document.autosave.enabled = False
    timed("strokes", paint)
    window.document.autosave.enabled = True
    timed("paint", paint)
    window.actions_["mode_match"].trigger()
    timed("save", save)
    timed("open", open_again)
    results["file"] = {"megabytes": (folder / "project.buddies").stat().st_size / 1e6}
    results["drag"] = drag(app, window, points)
    window.close()
    return results


def drag(app: QApplication, window: object, points: np.ndarray) -> dict[str, float]:
    """Milliseconds from a mouse event until everything is painted, while one point is dragged."""
    canvas = window.viewer.canvas("A")  # type: ignore[attr-defined]
    view = canvas.viewport()

    def send(kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
        event = QMouseEvent(
            kind, at, view.mapToGlobal(at), button, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(view, event)

    start = canvas.to_widget(QPointF(*points[len(points) // 2]))
    send(QEvent.Type.MouseButtonPress, start, Qt.MouseButton.LeftButton)
    took, cpu = [], []
    for step in range(1, 121):
        began, began_cpu = time.perf_counter(), time.thread_time()
        send(QEvent.Type.MouseMove, start + QPointF(1.5 * step, 0.7 * step), Qt.MouseButton.NoButton)
        app.processEvents()
        took.append((time.perf_counter() - began) * 1000)
        cpu.append((time.thread_time() - began_cpu) * 1000)
    send(QEvent.Type.MouseButtonRelease, start + QPointF(180, 84), Qt.MouseButton.LeftButton)
    frames = np.asarray(took[5:])
    return {
        "p50": float(np.percentile(frames, 50)),
        "p99": float(np.percentile(frames, 99)),
        "frames_per_second": float(1000 / frames.mean()),
        # What a frame costs this thread, whatever else the machine does meanwhile.
        "cpu_p50": float(np.percentile(cpu[5:], 50)),
        "cpu_p99": float(np.percentile(cpu[5:], 99)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        for variable in ("CONFIG", "DATA", "CACHE"):
            os.environ[f"BUDDIES_STUDIO_{variable}"] = str(Path(name, variable))
        results = measure(arguments.pairs, arguments.edits, Path(name))
    if arguments.json:
        print(json.dumps(results, indent=1))
        return
    print(f"two pictures of 12 megapixels, {arguments.pairs} pairs; milliseconds")
    for name, row in results.items():
        print(f"{name:>7}: " + "  ".join(f"{key} {value:.2f}" for key, value in row.items()))


if __name__ == "__main__":
    main()
