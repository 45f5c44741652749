"""Small runs of the mode Style, and waiting for them."""

from __future__ import annotations

from studio.gui.style.history import Moment
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions

TINY = StyleOptions(size=48, steps=8, smallest=32)
LONG = StyleOptions(size=48, steps=5000, smallest=32)
TINY_INSTANT = InstantOptions(size=64)
TINY_TEXTURE = TextureOptions(width=48, height=32, steps=6, smallest=32)
TINY_INVERSION = InversionOptions(size=48, steps=6)


def began(window, qtbot, options=LONG) -> Moment:
    """Start a run and wait for its first picture."""
    panel = window.panel("style")
    panel.form.set_value(options)
    panel.run()
    qtbot.waitUntil(lambda: len(panel.result_pane.history) > 0)
    return panel.result_pane.history[-1]


def ended(window, qtbot) -> None:
    """Wait for the end of the run."""
    qtbot.waitUntil(lambda: not window.panel("style").runner.is_running)
    qtbot.wait(10)


def ran(window, qtbot, options=TINY) -> Moment:
    """Run to the end; the last picture that was shown."""
    panel = window.panel("style")
    panel.form.set_value(options)
    panel.run()
    ended(window, qtbot)
    return panel.result_pane.history[-1]


def idle_files(window, qtbot) -> None:
    """Wait until nothing is read or written any more."""
    qtbot.waitUntil(lambda: not any(job.lane == "files" for job in window.jobs.open_jobs))
    qtbot.wait(10)
