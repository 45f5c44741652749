"""Goals and results of dreams in words for people. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence

from studio.dream.goals import CellGoal, ChannelGoal, ClassGoal, DirectionGoal, Goal
from studio.language import tr


def goal_words(goal: Goal, usual: str) -> str:
    """What a goal is; `usual` is the layer that stands for none."""
    match goal:
        case ChannelGoal(layer, channel):
            return tr("channel {channel} of {layer}", channel=channel, layer=layer or usual)
        case CellGoal(layer, channel):
            return tr("one cell of channel {channel} of {layer}", channel=channel, layer=layer or usual)
        case ClassGoal(which):
            return tr("the class “{name}”", name=which)
        case DirectionGoal(layer, (x, y), side):
            return tr("{side} {x}, {y} in {layer}", layer=layer or usual, side=side, x=round(x), y=round(y))
    (ax, ay), (bx, by) = goal.a, goal.b
    return tr(
        "A {ax}, {ay} and B {bx}, {by} in {layer}",
        ax=round(ax),
        ay=round(ay),
        bx=round(bx),
        by=round(by),
        layer=goal.layer or usual,
    )


def seen_words(seen: Sequence[tuple[str, float]], is_class: bool) -> str:
    """What a network sees: classes with their probabilities, or a place with its cosine."""
    if is_class:
        return ", ".join(f"{name} {100 * share:.0f} %" for name, share in seen[:2])
    name, cosine = seen[0]
    return tr("{place}, cosine {cosine}", place=name, cosine=f"{cosine:.2f}")
