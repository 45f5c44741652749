"""Renders the README's pictures from the running program, so that they can't go stale.

    python packaging/screenshots.py [--out resources/screenshots]

The window is driven as a person would: a sample pair is opened, matched with the network that ships,
and grabbed. Works without a display.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.gui.shell.main_window import MainWindow

Wait = Callable[[Callable[[], bool]], None]
Save = Callable[[str], None]
ROOT = Path(__file__).resolve().parent.parent
SIZE = (1440, 900)
TIMEOUT = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "screenshots")
    parser.add_argument("--pictures", type=Path, nargs=2, help="two files to match instead of the samples")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BUDDIES_STUDIO_CONFIG"] = os.environ["BUDDIES_STUDIO_DATA"] = folder
        return render(arguments.out, arguments.pictures)


def render(out: Path, pictures: list[Path] | None) -> int:
    """Drive the window and write its pictures to `out`; returns the exit code."""
    from studio.gui.shell.app import make_application
    from studio.gui.shell.main_window import MainWindow
    from studio.gui.widgets.settings_store import Settings
    from studio.gui.widgets.theme import apply_theme

    app = make_application()
    settings = Settings()
    settings.theme = "dark"
    apply_theme(app, "dark")
    window = MainWindow(settings)
    window.document.ask_to_save = lambda _: "discard"
    window.resize(*SIZE)
    window.show()

    def wait(until) -> None:
        end = time.monotonic() + TIMEOUT
        while not until():
            if time.monotonic() > end:
                raise TimeoutError("the window did not get ready")
            app.processEvents()
            time.sleep(0.005)

    def settle(seconds: float = 0.3) -> None:
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end)

    def save(name: str) -> None:
        settle()
        path = out / f"{name}.png"
        window.grab().save(str(path))
        print(path)

    wait(lambda: bool(window.devices))
    if pictures:
        window.opener.open_paths(pictures, "A")
    else:
        window.opener.open_sample("face-and-cat")
    wait(lambda: window.state.has_both and not window.opener.is_loading)
    window.panel("match").run()
    wait(lambda: not window.panel("match").is_running)
    if not len(window.state.pairs):
        print("the match found no pairs", file=sys.stderr)
        return 1
    window.messages.hide()
    save("match")
    window.state.set_hovered(window.state.pairs[0].id)
    window.actions_["theme"].trigger()
    coarsest = max(window.state.levels)
    window.state.show_level(coarsest)
    save("match-light-coarse")
    window.actions_["theme"].trigger()
    window.state.show_level(0)
    morph_picture(window, wait, save)
    inspect_picture(window, wait, save)
    style_picture(window, wait, save)
    dream_picture(window, wait, save)
    window.close()
    return 0


def morph_picture(window: MainWindow, wait: Wait, save: Save) -> None:
    """Half-way from the face to the cat."""
    window.modes.show("morph")
    morph = window.panel("morph")
    wait(lambda: bool(morph.result_pane.view.shots))
    window.messages.hide()
    morph.layers["points"].setChecked(False)
    morph.layers["grid"].setChecked(True)
    morph.result_pane.transport.set_time(0.5)
    wait(lambda: morph.worker.is_running and morph.result_pane.view.shots[0].tint is not None)
    save("morph")


def inspect_picture(window: MainWindow, wait: Wait, save: Save) -> None:
    """The mouse over an eye of picture A."""
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    window.modes.show("inspect")
    panel = window.panel("inspect")
    wait(lambda: panel.hub.session is not None)
    canvas = window.viewer.canvas("A")
    pair = max(window.state.pairs, key=lambda pair: pair.confidence)
    at = canvas.to_widget(QPointF(*pair.a))
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, at, canvas.viewport().mapToGlobal(at), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas.viewport(), event)
    wait(lambda: panel.hover.reading is not None)
    save("inspect")


def style_picture(window: MainWindow, wait: Wait, save: Save) -> None:
    """A cat in the style of a stained piece of tissue: both pictures come with scikit-image."""
    from PIL import Image
    from skimage import data

    from studio.gui.style.actions import StyleCan

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("Cat.png", "Tissue.png")]
        for path, pixels in zip(paths, (data.chelsea(), data.immunohistochemistry()), strict=True):
            Image.fromarray(pixels).save(path)
        window.opener.open_paths(paths, "A")
        wait(lambda: not window.opener.is_loading and window.state.picture("B").name == "Tissue.png")
    window.modes.show("style")
    panel = window.panel("style")
    wait(lambda: StyleCan.RUN in panel.conditions())
    window.actions_["style_run"].trigger()
    wait(lambda: StyleCan.STOP in panel.conditions())
    wait(lambda: StyleCan.SAVE in panel.conditions() and StyleCan.STOP not in panel.conditions())
    # The variants come one after the other, whenever nothing else runs.
    begun = time.monotonic()
    wait(lambda: time.monotonic() - begun > 5 and not window.jobs.open_jobs)
    window.messages.hide()
    save("style")


def dream_picture(window: MainWindow, wait: Wait, save: Save) -> None:
    """What the network makes of the cat."""
    from studio.gui.dream.actions import DreamCan

    window.modes.show("dream")
    panel = window.panel("dream")
    wait(lambda: DreamCan.RUN in panel.conditions())
    window.actions_["dream_run"].trigger()
    wait(lambda: DreamCan.STOP in panel.conditions())
    wait(lambda: DreamCan.SAVE in panel.conditions() and DreamCan.STOP not in panel.conditions())
    window.messages.hide()
    save("dream")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
