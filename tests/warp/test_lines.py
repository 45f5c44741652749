"""Lines and contours: their curves, their samples, what a warp makes of them, and words for what is no line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import BPoly

from studio.pairs import PairSet
from studio.warp import Line, LinesError, WarpOptions, backward_field, proposed, read_lines, sampled
from studio.warp.lines import MOST_SAMPLES

SIZE = (200, 100)
OPTIONS = WarpOptions()
CIRCLE = 0.5522847498  # of four Bézier curves, the handles' share of the radius


def circle(radius: float = 30.0, at: tuple[float, float] = (100.0, 50.0)) -> np.ndarray:
    points = []
    for quarter in range(4):
        turn = np.array([np.cos(quarter * np.pi / 2), np.sin(quarter * np.pi / 2)])
        side = np.array([-turn[1], turn[0]])
        points += [turn, turn + CIRCLE * side, side + CIRCLE * turn]
    return np.array(points) * radius + at


def test_curves_are_those_of_scipy() -> None:
    line = Line(circle(), circle(20), "bezier", True)
    assert line.segments("a").shape == (4, 4, 2)
    for curve in line.segments("a"):
        reference = BPoly(curve[:, None], [0, 1])
        from studio.warp.lines import _at

        times = np.linspace(0, 1, 11)
        np.testing.assert_allclose(_at(curve, times), reference(times), atol=1e-12)


def test_a_smooth_line_goes_through_its_nodes_without_a_corner() -> None:
    nodes = np.array([[10.0, 10], [60, 40], [110, 20], [180, 80]])
    segments = Line(nodes, nodes).segments("a")
    np.testing.assert_allclose(segments[:, 0], nodes[:-1])
    np.testing.assert_allclose(segments[:-1, 3] - segments[:-1, 2], segments[1:, 1] - segments[1:, 0])
    closed = Line(nodes, nodes, closed=True).segments("a")
    assert len(closed) == 4
    np.testing.assert_allclose(closed[-1, 3] - closed[-1, 2], closed[0, 1] - closed[0, 0])


def test_samples_are_at_equal_lengths_of_both() -> None:
    pairs = sampled([Line(circle(), circle(20), "bezier", True)], SIZE, PairSet.from_arrays([[1, 1]], [[2, 2]]))
    assert pairs[0].origin == "matched" and pairs[1].origin == "placed" and pairs.next_id() == len(pairs) + 1
    a, b = (np.asarray(points) for points in (pairs.a[1:], pairs.b[1:]))
    assert 44 <= len(a) <= 52  # 2 pi 30 px, one each 4 px
    for points, radius in ((a, 30), (b, 20)):
        np.testing.assert_allclose(np.hypot(*(points - [100, 50]).T), radius, rtol=1e-3)
        gaps = np.hypot(*np.diff(np.vstack([points, points[:1]]), axis=0).T)
        assert gaps.max() / gaps.min() < 1.02
    straight = sampled([Line(np.array([[0, 0], [40, 0]]), np.array([[0, 10], [80, 10]]), "straight")], SIZE, PairSet())
    np.testing.assert_allclose(straight.b[:, 0], 2 * straight.a[:, 0])
    assert tuple(straight.a[-1]) == (40, 0)


def test_a_contour_lands_on_its_partner() -> None:
    """All of it, not just its nodes: every place of the outline, also between the samples."""
    line = Line(circle(30), circle(20), "bezier", True)
    field = backward_field(sampled([line], SIZE, PairSet()), 1.0, SIZE, OPTIONS, SIZE, SIZE)
    angles = np.linspace(0, 2 * np.pi, 97)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert np.hypot(*(field.at(ring * 20 + [100, 50]) - (ring * 30 + [100, 50])).T).max() < 1.0


def test_b_is_proposed_by_the_pairs() -> None:
    corners = np.array([[20, 20], [180, 20], [20, 80], [180, 80]], float)
    pairs = PairSet.from_arrays(corners, np.add(corners, [6, 3]))
    line = Line(np.array([[60.0, 40], [120, 60]]), np.zeros((0, 2)))
    found = proposed(line, pairs, SIZE, SIZE, WarpOptions(border="free"))
    np.testing.assert_allclose(found.b, np.add(line.a, [6, 3]), atol=0.3)


def write(folder: Path, content: object) -> Path:
    path = folder / "lines.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_lines_are_read(tmp_path: Path) -> None:
    entry = {"a": [[10, 10], [50, 10], [50, 40]], "closed": True, "kind": "straight"}
    path = write(tmp_path, {"lines": [entry, {"a": [[1, 1], [9, 9]], "b": [[2, 2], [8, 8]]}]})
    first, second = read_lines(path, PairSet(), SIZE, SIZE, OPTIONS)
    assert first.closed and first.kind == "straight" and np.allclose(first.a, first.b, atol=0.5)
    assert second.kind == "smooth" and second.b.tolist() == [[2, 2], [8, 8]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("no json", "holds no lines"),
        ({"lines": 3}, "holds no lines"),
        ([1], "holds no lines"),
        ({"lines": [7]}, "no object"),
        ({"lines": [{"a": [[1, 1]]}]}, "two or more"),
        ({"lines": [{"a": [[1, 1], [2, 2]], "b": [[1, 1]]}]}, "as many in both"),
        ({"lines": [{"a": [[1, 1], [2, 2]], "closed": True}]}, "three if it is closed"),
        ({"lines": [{"a": [[1, 1], [2, 2]], "kind": "wavy"}]}, "straight, smooth, bezier"),
        ({"lines": [{"a": [[1, 1], [2, 2]], "kind": "bezier"}]}, "handles"),
        ({"lines": [{"a": [[1, 1], [2]]}]}, "without x and y"),
        ({"lines": [{"a": [[1, 1], [2, "x"]]}]}, "without x and y"),
        ({"lines": [{"a": [[1, 1], [900, 2]]}]}, "leaves picture A"),
    ],
)
def test_what_is_no_line_is_refused_in_words(tmp_path: Path, content: object, why: str) -> None:
    with pytest.raises(LinesError, match=why):
        read_lines(write(tmp_path, content), PairSet(), SIZE, SIZE, OPTIONS)


def test_too_much_of_it_is_refused() -> None:
    nodes = np.array([[0.0, 0], [199, 99]] * (MOST_SAMPLES // 80))
    with pytest.raises(LinesError, match="at most"):
        sampled([Line(nodes, nodes, "straight")], SIZE, PairSet())
