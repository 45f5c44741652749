"""Small runs of the mode Dream, and waiting for them."""

from __future__ import annotations

from studio.dream.options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from studio.job_kinds import JobKind

TINY = {
    "dream": DreamOptions(size=48, steps=2, octaves=2),
    "dream/maximise": MaximiseOptions(size=32, steps=4),
    "dream/film": ZoomOptions(frames=3, frame_steps=1),
    "dream/adversary": AdversaryOptions(size=96, steps=30),
}


def chosen(window, kind: JobKind, **values):
    """The panel of the mode, with a kind chosen and tiny options, of which the last form gets `values`."""
    panel = window.panel("dream")
    panel.choice.set_kind(kind)
    for name, options in TINY.items():
        panel.forms[name].set_value(options)
    if values:
        form = panel.forms[panel._form_name]
        form.set_value(form.value().with_values(**values))
    return panel


def choose(box, value: str) -> None:
    """As by the mouse; what is greyed can't be chosen."""
    index = box.findData(value)
    assert box.model().item(index).isEnabled(), box.itemData(index, 3)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def ended(window, qtbot) -> None:
    """Wait for the end of the run."""
    qtbot.waitUntil(lambda: not window.panel("dream").runner.is_running)
    qtbot.wait(10)


def kept_recipe(window, qtbot, name: str, before: dict | None = None) -> dict:
    """Of the result of this name, once the project has it; another one than `before`."""

    def found() -> dict | None:
        return next(
            (dict(one.recipe) for one in window.document.results if (one.kind, one.name) == ("dream", name)), None
        )

    qtbot.waitUntil(lambda: found() not in (None, before))
    return found()


def told(window, qtbot) -> None:
    """Wait until the network has told what it has."""
    qtbot.waitUntil(lambda: window.panel("dream").asker.facts.is_whole)


def why_not(box, value: str) -> str:
    """The reason in the tooltip of an entry that is greyed; "" if it can be chosen."""
    index = box.findData(value)
    return "" if box.model().item(index).isEnabled() else box.itemData(index, 3)  # ToolTipRole
