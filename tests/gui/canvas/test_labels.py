"""Numbers beside points never lie over each other, whatever the zoom."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from studio.gui.canvas import items
from studio.gui.canvas.labels import Label, overlap, with_room
from studio.pairs import PairSet

SPREAD = 12.0
"""Side of the square that a cluster fills, full-size pixels."""


@pytest.fixture
def painted(monkeypatch):
    """What numbers were painted since this was cleared: (number, place, hot)."""
    seen = []
    paint = items.paint_number

    def spy(painter, at, number, hot):
        seen.append((number, QPointF(at), hot))
        paint(painter, at, number, hot)

    monkeypatch.setattr(items, "paint_number", spy)
    return seen


def clustered(window, count: int) -> None:
    places = np.random.default_rng(4).uniform(0, SPREAD, (count, 2)) + 100.0
    window.state.set_pairs(PairSet.from_arrays(places, places, level=1))


def redraw(window, painted) -> list[tuple[int, QPointF, bool]]:
    """What A's canvas writes now."""
    canvas = window.viewer.canvas("A")
    painted.clear()
    canvas.scatter._labels_key = canvas.scatter._still._key = None
    canvas.grab()
    return list({number: (number, at, hot) for number, at, hot in painted}.values())


def overlapping(shown) -> list[tuple[int, int]]:
    labels = [Label(number, at, hot) for number, at, hot in shown]
    return [(one.number, two.number) for one, two in combinations(labels, 2) if overlap(one.box(), two.box())]


def test_labels_of_a_cluster_thin_out_and_come_back_with_the_zoom(opened, painted):
    clustered(opened, 60)
    canvas = opened.viewer.canvas("A")
    far = redraw(opened, painted)
    assert 1 <= len(far) < 20 and overlapping(far) == []
    canvas.look_at(QPointF(106, 106), 12.0)
    nearer = redraw(opened, painted)
    assert len(nearer) > len(far) and overlapping(nearer) == []
    canvas.look_at(QPointF(106, 106), 40.0)
    assert len(redraw(opened, painted)) > len(nearer)


def test_selected_labels_are_always_there_and_others_give_way(opened, painted):
    clustered(opened, 60)
    hidden = next(number for number in range(60, 0, -1) if number not in {one[0] for one in redraw(opened, painted)})
    opened.state.set_selected(hidden)
    shown = redraw(opened, painted)
    assert (hidden, True) in {(number, hot) for number, _, hot in shown}
    assert overlapping(shown) == []


def test_of_many_those_in_view_are_numbered(opened, painted):
    places = np.random.default_rng(5).uniform(0, 290, (500, 2))
    opened.state.set_pairs(PairSet.from_arrays(places, places, level=1))
    assert redraw(opened, painted) == []
    opened.viewer.canvas("A").look_at(QPointF(150, 150), 4.0)
    shown = redraw(opened, painted)
    assert len(shown) > 5 and overlapping(shown) == []


def test_room_is_that_of_a_plain_search(qapp):
    random = np.random.default_rng(6)
    labels = [Label(number, QPointF(*place)) for number, place in enumerate(random.uniform(-50, 250, (150, 2)), 1)]
    plain: list[Label] = []
    for label in labels:
        if not any(overlap(label.box(), other.box()) for other in plain):
            plain.append(label)
    assert with_room(labels) == tuple(plain)
