"""Keeps the strip of variants in step with what the panel of the mode Style describes."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from studio.gui.style.runner import VariantRunner, VariantShot
from studio.gui.style.tasks import small, variants_of, what_differs
from studio.gui.widgets.forms import shown_value
from studio.gui.widgets.thumbnails import VariantStrip
from studio.jobs import JobQueue
from studio.language import tr
from studio.style.model import Region
from studio.style.task import StyleTask

QUIET_INTERVAL = 500
"""Milliseconds without a change after which previews are asked for: a slider that moves is waited for."""


class StyleVariants(QObject):
    """Asks for previews and shows them.

    `task` gives what the panel describes, or None; `may` says whether previews are wanted now.
    """

    chosen = Signal(object)
    """(dict) knobs and their values: the variant that was clicked"""

    def __init__(
        self,
        jobs: JobQueue,
        strip: VariantStrip,
        task: Callable[[], StyleTask | None],
        may: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._strip, self._task, self._may = strip, task, may
        self._tasks: tuple[StyleTask, ...] = ()
        self.runner = VariantRunner(jobs, self)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(QUIET_INTERVAL)
        self._wait.timeout.connect(self._ask)
        self.runner.shot.connect(self._on_shot)
        self.runner.changed.connect(self._show_left)
        strip.chosen.connect(self._on_chosen)

    def later(self, *_: object) -> None:
        """Ask for previews when nothing has changed for a moment."""
        if self._may():
            self._wait.start()

    def stop(self) -> None:
        """Compute no more; what is there stays."""
        self._wait.stop()
        self.runner.stop()

    def _ask(self) -> None:
        if not self._may():
            return
        task = self._task()
        made = () if task is None else variants_of(task)
        if task is None or not made:
            self._tasks = ()
            self._strip.set_variants([])
            self.runner.stop()
            return
        known = [_key(one) for one in self._tasks]
        if _key(task) not in known:
            self._tasks = made
            self._strip.set_variants([(one.variant, _tip(one, made[0])) for one in made])
            known = [_key(one) for one in made]
            self.runner.stop()
        self._strip.mark(known.index(_key(task)))
        if not self.runner.left:
            buttons = self._strip.buttons
            missing = [n for n, button in enumerate(buttons) if button.pixels is None and not button.failed]
            self.runner.ask(tuple(small(one) for one in self._tasks), missing)

    def _on_shot(self, shot: VariantShot) -> None:
        if shot.pixels is None:
            self._strip.show_failure(shot.index)
            self._strip.buttons[shot.index].setToolTip(shot.error)
        else:
            self._strip.show_pixels(shot.index, shot.pixels)

    def _show_left(self) -> None:
        left = self.runner.left
        self._strip.note.setText(tr("{left} to come", left=left) if left else "")

    def _on_chosen(self, index: int) -> None:
        if index >= len(self._tasks):
            return
        base, values = self._tasks[0], self._tasks[index].options.to_dict()
        turned = {name for task in self._tasks for name in what_differs(task, base)}
        self.chosen.emit({name: values[name] for name in turned})


def _key(task: StyleTask) -> tuple[object, ...]:
    """What decides about the preview of a task; pictures are the same only if they are the same object."""
    task = small(task)
    pictures = [id(picture) for picture in (task.content, task.start, *(style.picture for style in task.styles))]
    weights = [style.weight for style in task.styles]
    where = (task.network, task.draft)
    regions = [_painted(region) for region in task.regions]
    return (task.kind, task.options, task.pairs, where, tuple(pictures), tuple(weights), tuple(regions))


def _painted(region: Region) -> tuple[object, ...]:
    """What tells a painted region from others."""
    masks = (region.content, region.style)
    return (region.source, *(None if mask is None else zlib.crc32(np.asarray(mask).tobytes()) for mask in masks))


def _tip(variant: StyleTask, base: StyleTask) -> str:
    values = what_differs(variant, base)
    if not values:
        return tr("The options as they are. Click to run it at full size.")
    knobs = {knob.name: knob for knob in type(variant.options).knobs()}
    words = ", ".join(f"{tr(knobs[name].label)} {shown_value(knobs[name], value)}" for name, value in values.items())
    return tr("{words}. Click to take it and run it at full size.", words=words)
