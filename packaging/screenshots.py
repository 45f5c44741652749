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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZE = (1440, 900)
TIMEOUT = 180.0


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
    from studio.gui.app import make_application
    from studio.gui.main_window import MainWindow
    from studio.gui.settings.store import Settings
    from studio.gui.theme import apply_theme

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

    wait(lambda: bool(window._devices))
    if pictures:
        window.opener.open_paths(pictures, "A")
    else:
        window.opener.open_sample("face-and-cat")
    wait(lambda: window.state.has_both and not window.opener.is_loading)
    window.match_panel.run()
    wait(lambda: not window.match_panel.is_running)
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
    window.opener.open_sample("drawn-pair")
    wait(lambda: not window.opener.is_loading and len(window.state.pairs) > 0)
    window.modes.show("morph")
    morph = window.morph_panel
    wait(lambda: bool(morph.stage.view.shots))
    window.messages.hide()
    morph.compare.setCurrentText("tps")
    morph.layers["points"].setChecked(False)
    morph.layers["grid"].setChecked(True)
    morph.stage.transport.set_time(0.5)
    wait(lambda: len(morph.stage.view.shots) == 2)
    save("morph")
    window.close()
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
