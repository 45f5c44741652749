"""What the result pane shows of what a run gave: pictures, numbers and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.dream.result import Dreamed
from studio.gui.canvas.displays import level_within
from studio.gui.dream.tasks import DreamTask, Filmed
from studio.gui.dream.words import seen_words
from studio.gui.widgets.compare import Shown
from studio.job_kinds import JobKind
from studio.language import tr
from studio.picture import Picture

if TYPE_CHECKING:
    from studio.dream.adversary import Adversary

SHOWN_SIDE = 1280
"""Longer side of the pictures on the screen, px."""


@dataclass(frozen=True, eq=False)
class Presented:
    """All that there is to show, to save and to say."""

    results: tuple[Shown, ...]
    pictures: tuple[Picture, ...]
    recipe: Mapping[str, Any] = field(repr=False)
    caption: str = ""
    done: str = ""
    reference: Shown | None = None
    aside: tuple[Shown, ...] = ()
    message: str = ""
    is_success: bool = True


def present(made: Dreamed | Adversary | Filmed, task: DreamTask) -> Presented:
    """What a run of `task` gave."""
    if isinstance(made, Filmed):
        return _film(made, task)
    if isinstance(made, Dreamed):
        return _dreamed(made, task)
    return _adversary(made, task)


def reference_of(task: DreamTask) -> Shown | None:
    """What results of a task are compared with: what is started from, if that is a picture."""
    source = task.source
    return None if source is None else _shown(source, tr("Before"))


def _shown(picture: Picture, title: str) -> Shown:
    return Shown(title, level_within(picture, SHOWN_SIDE), size=picture.size, full=lambda: picture.pixels)


def _size(picture: Picture) -> str:
    width, height = picture.size
    return tr("{width} × {height}", width=width, height=height)


def _dreamed(made: Dreamed, task: DreamTask) -> Presented:
    several = len(made.pictures) > 1
    titles = [
        tr("{number}: {value}", number=number, value=_number(value)) if several else tr("Result")
        for number, value in enumerate(made.values, 1)
    ]
    values = {"before": _number(made.before), "after": _number(max(made.values))}
    if task.kind is JobKind.DREAM:
        caption = tr("{name} · strength of what is seen: {before} before, {after} now", name=task.name, **values)
    else:
        words = {"picture": "" if task.source is None else task.source.name, "noise": tr("noise"), "grey": tr("grey")}
        caption = tr(
            "{name} · activation: {before} at the start, {after} now · started from {start}",
            name=task.name,
            start=words[getattr(task.options, "start", "noise")],
            **values,
        )
    return Presented(
        tuple(_shown(picture, title) for picture, title in zip(made.pictures, titles, strict=True)),
        made.pictures,
        made.recipe,
        caption,
        _size(made.pictures[0]),
        reference_of(task),
    )


def _film(made: Filmed, task: DreamTask) -> Presented:
    last = () if made.last is None else (Picture.from_array(made.last, task.name),)
    return Presented(
        tuple(_shown(picture, tr("Last frame")) for picture in last),
        last,
        made.recipe,
        tr("the last frame of “{name}”", name=made.path.name),
        made.path.name,
        reference_of(task),
        message=tr("The film was written to “{name}”.", name=made.path.name),
    )


def _adversary(made: Adversary, task: DreamTask) -> Presented:
    is_class = task.pair is None
    before, after = seen_words(made.before, is_class), seen_words(made.after, is_class)
    change = tr("Change, {factor} times", factor=f"{made.factor:.0f}")
    if not made.fooled:
        told = tr("No change of this size makes the network see something else; allow a larger one.")
    else:
        told = tr(
            "at most {largest} of 255 levels changed, {length} in the mean",
            largest=round(made.largest),
            length=f"{made.length:.2f}",
        )
    return Presented(
        (_shown(made.picture, tr("After: {seen}", seen=after)),),
        (made.picture,),
        made.recipe,
        tr("{name} · {told}", name=task.name, told=told),
        _size(made.picture),
        _shown(made.original, tr("Before: {seen}", seen=before)),
        (Shown(change, made.change),),
        made.sentence(),
        made.fooled,
    )


def _number(value: float) -> str:
    return f"{value:.3g}"
