"""Pairs and the files they travel in, checked against files written by hand."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.errors import StudioError
from studio.files import FileError
from studio.pairs import PairsError, PairSet, PointPair, format_csv, official_partner, read_pairs, write_pairs

FULL = PairSet(
    (
        PointPair(3, (1.5, 2.25), (100.125, 0.1), rank=12.75, confidence=0.5, level=2, origin="matched"),
        PointPair(1, (-0.5, 1e-7), (4095.4999, 1 / 3), origin="placed", locked=True),
        PointPair(7, (0.0, 0.0), (1.0, 2.0), rank=-1.0, confidence=0.0, level=5, origin="edited", enabled=False),
    )
)


# --- the set -----------------------------------------------------------------------------------


def test_from_arrays() -> None:
    pairs = PairSet.from_arrays([[1, 2], [3, 4]], [[5, 6], [7, 8]], rank=[9, 10], confidence=[0.1, 0.2], level=3)
    assert [pair.id for pair in pairs] == [1, 2]
    assert pairs[1] == PointPair(2, (3.0, 4.0), (7.0, 8.0), 10.0, 0.2, 3, "matched")
    assert all(type(number) is float for pair in pairs for number in (*pair.a, *pair.b, pair.rank, pair.confidence))
    assert pairs.a.tolist() == [[1, 2], [3, 4]] and pairs.b.tolist() == [[5, 6], [7, 8]]
    assert pairs.ranks.tolist() == [9, 10]
    with pytest.raises(ValueError, match="2 points in A, 1 in B"):
        PairSet.from_arrays([[1, 2], [3, 4]], [[5, 6]])


def test_an_empty_set() -> None:
    empty = PairSet()
    assert len(empty) == 0 and empty.a.shape == (0, 2) and empty.ranks.shape == (0,) and empty.next_id() == 1
    assert PairSet.from_arrays([], []) == empty


def test_numbers_are_unique() -> None:
    with pytest.raises(ValueError, match="same id"):
        PairSet((FULL[0], FULL[0]))


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL.pairs = ()  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL[0].a = (0.0, 0.0)  # type: ignore[misc]
    FULL.a[:] = 0  # a copy
    assert FULL[0].a == (1.5, 2.25)


def test_edits_make_new_sets() -> None:
    moved = dataclasses.replace(FULL[1], a=(9.0, 9.0))
    edited = FULL.with_pair(moved)
    assert [pair.id for pair in edited] == [3, 1, 7] and edited[1] == moved
    assert FULL[1].a == (-0.5, 1e-7)
    added = PointPair(FULL.next_id(), (0, 0), (0, 0))
    assert added.id == 8 and [pair.id for pair in FULL.with_pair(added)] == [3, 1, 7, 8]
    assert [pair.id for pair in FULL.without([1, 99])] == [3, 7]
    assert [pair.id for pair in FULL.enabled()] == [3, 1]
    assert FULL.by_id(7) is FULL[2] and FULL.by_id(2) is None


def test_swapping_exchanges_the_points_and_nothing_else() -> None:
    swapped = FULL.swapped()
    assert np.array_equal(swapped.a, FULL.b) and np.array_equal(swapped.b, FULL.a)
    assert swapped.swapped() == FULL
    assert [(pair.id, pair.rank, pair.locked) for pair in swapped] == [
        (pair.id, pair.rank, pair.locked) for pair in FULL
    ]


# --- files -------------------------------------------------------------------------------------


def test_csv_is_as_documented(tmp_path: Path) -> None:
    assert write_pairs(FULL, tmp_path / "x.csv") == [tmp_path / "x.csv"]
    lines = (tmp_path / "x.csv").read_text(encoding="utf-8").split("\n")
    assert lines[0] == "id,ax,ay,bx,by,rank,confidence,level,origin"
    assert lines[1] == "3,1.5,2.25,100.125,0.1,12.75,0.5,2,matched"
    assert lines[-1] == "" and "\n".join(lines) == format_csv(FULL)


def test_csv_comes_back_but_for_what_it_has_no_columns_for(tmp_path: Path) -> None:
    write_pairs(FULL, tmp_path / "x.csv")
    expected = PairSet(tuple(dataclasses.replace(pair, locked=False, enabled=True) for pair in FULL))
    assert read_pairs(tmp_path / "x.csv") == expected


def test_json_comes_back_whole(tmp_path: Path) -> None:
    write_pairs(FULL, tmp_path / "x.JSON")
    assert read_pairs(tmp_path / "x.JSON") == FULL
    assert set(json.loads((tmp_path / "x.JSON").read_text())) == {"pairs"}


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "ax,ay,bx,by\n1,2,3,4\n5,6,7,8\n",
        "﻿ ax , ay,bx,by\r\n 1 ,2, 3,4\r\n\r\n5,6,7,8",
        'by,bx,ay,ax,remark\n4,3,2,1,"a, b"\n8,7,6,5,\n',
        "id,ax,ay,bx,by\n,1,2,3,4\n,5,6,7,8\n",
        "id,ax,ay,bx,by\n4,1,2,3,4\n4,5,6,7,8\n",
    ],
)
def test_csv_made_by_hand(tmp_path: Path, text: str) -> None:
    pairs = read_pairs(written(tmp_path, "x.csv", text))
    assert pairs.a.tolist() == [[1, 2], [5, 6]] and pairs.b.tolist() == [[3, 4], [7, 8]]
    assert [pair.id for pair in pairs] == [1, 2] and {pair.origin for pair in pairs} == {"placed"}


def test_json_made_by_hand(tmp_path: Path) -> None:
    for text in ('{"pairs": [{"a": [1, 2], "b": [3, 4]}]}', '[{"a": [1, 2], "b": [3, 4]}]'):
        assert read_pairs(written(tmp_path, "x.json", text)) == PairSet((PointPair(1, (1, 2), (3, 4)),))


def test_the_files_of_the_official_program(tmp_path: Path) -> None:
    written(tmp_path, "correspondence_A_top_10.txt", "10, 20\n30, 41\n")
    written(tmp_path, "correspondence_Bt_top_10.txt", "5, 6\n7, 8\n")
    pairs = read_pairs(tmp_path / "correspondence_A_top_10.txt")
    assert pairs.a.tolist() == [[20, 10], [41, 30]] and pairs.b.tolist() == [[6, 5], [8, 7]]
    assert {pair.origin for pair in pairs} == {"matched"}


def test_official_files_are_written_as_rows_of_y_x(tmp_path: Path) -> None:
    pairs = PairSet.from_arrays([[1.4, 2.6], [30, 40]], [[5, 6], [70, 8]])
    both = write_pairs(pairs, tmp_path / "correspondence_A.txt")
    assert [path.name for path in both] == ["correspondence_A.txt", "correspondence_Bt.txt"]
    assert both[0].read_text() == "3, 1\n40, 30\n" and both[1].read_text() == "6, 5\n8, 70\n"
    assert np.array_equal(read_pairs(both[0]).a, [[1, 3], [30, 40]])


def test_the_partner_file_can_be_named(tmp_path: Path) -> None:
    one, two = written(tmp_path, "one.txt", "1, 2\n"), written(tmp_path, "two.txt", "3, 4\n")
    assert read_pairs(one, two).b.tolist() == [[4, 3]]
    assert official_partner(Path("d/points.txt")) == Path("d/points_B.txt")
    assert official_partner(Path("correspondence_A.txt")) == Path("correspondence_Bt.txt")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.csv", "", "no column ax, ay, bx, by"),
        ("x.csv", "ax,ay,bx\n1,2,3\n", "no column by"),
        ("x.csv", "ax,ay,bx,by\n1,2,3,4\n1,two,3,4\n", "row 2 of “x.csv”"),
        ("x.csv", "ax,ay,bx,by\n1,2,3\n", "row 1 of “x.csv”"),
        ("x.csv", "ax,ay,bx,by\n1,2,3,nan\n", "row 1 of “x.csv”"),
        ("x.csv", "ax,ay,bx,by\n1,2,3,inf\n", "row 1 of “x.csv”"),
        ("x.csv", "ax,ay,bx,by,level\n1,2,3,4,high\n", "row 1 of “x.csv”"),
        ("x.csv", "ax,ay,bx,by,origin\n1,2,3,4,found\n", "'found' is none of matched, placed, edited"),
        ("x.csv", "ax,ay,bx,by\n" + "9" * 200_000 + ",2,3,4\n", "“x.csv” is not valid CSV"),
        ("x.json", "{", "“x.json” is not valid JSON"),
        ("x.json", "[" * 200_000, "“x.json” is not valid JSON"),
        ("x.json", "{}", "no list “pairs”"),
        ("x.json", '{"pairs": 3}', "no list “pairs”"),
        ("x.json", "[1]", "In pair 1 of “x.json” there are no coordinates"),
        ("x.json", '[{"a": [1, 2]}]', "In pair 1 of “x.json”"),
        ("x.json", '[{"a": [1, 2, 3], "b": [1, 2]}]', "In pair 1 of “x.json”"),
        ("x.json", '[{"a": "12", "b": [1, 2]}]', "In pair 1 of “x.json”"),
        ("x.json", '[{"a": [NaN, 2], "b": [1, 2]}]', "In pair 1 of “x.json”"),
        ("x.json", '[{"a": [1, 2], "b": [1, 2], "level": Infinity}]', "In pair 1 of “x.json”"),
        ("x.json", '[{"a": [1, 2], "b": [1, 2], "id": null}]', "In pair 1 of “x.json”"),
        ("x.txt", "1, 2\n3; 4\n", "Line 2 of “x.txt” is not “y, x”: '3; 4'"),
        ("x.txt", "1, 2, 3\n", "Line 1 of “x.txt”"),
        ("x.txt", "nan, 2\n", "Line 1 of “x.txt”"),
        ("x.xlsx", "", "“x.xlsx” is not a point file"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(tmp_path: Path, name: str, text: str, words: str) -> None:
    written(tmp_path, "x_B.txt", "1, 2\n")
    with pytest.raises(PairsError) as caught:
        read_pairs(written(tmp_path, name, text))
    sentence = str(caught.value)
    assert isinstance(caught.value, StudioError)
    assert words in sentence and sentence.endswith(".") and "\n" not in sentence and len(sentence) < 250


def test_official_files_of_unequal_length(tmp_path: Path) -> None:
    written(tmp_path, "x.txt", "1, 2\n3, 4\n")
    written(tmp_path, "x_B.txt", "1, 2\n")
    with pytest.raises(PairsError, match=r"“x\.txt” has 2 points but “x_B\.txt” has 1"):
        read_pairs(tmp_path / "x.txt")


def test_missing_files(tmp_path: Path) -> None:
    for name in ("x.csv", "x.json", "x.txt"):
        with pytest.raises(FileError, match="there is no such file"):
            read_pairs(tmp_path / name)
    written(tmp_path, "y.txt", "1, 2\n")
    with pytest.raises(FileError, match=r"“y_B\.txt” can't be read"):
        read_pairs(tmp_path / "y.txt")
    with pytest.raises(FileError):
        write_pairs(FULL, tmp_path / "gone" / "x.csv")
    with pytest.raises(PairsError, match=r"“x\.xml”: pairs are written as"):
        write_pairs(FULL, tmp_path / "x.xml")


def test_confidence_is_kept_within_its_range(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, "x.csv", "ax,ay,bx,by,confidence\n1,2,3,4,7\n1,2,3,4,-7\n"))
    assert [pair.confidence for pair in pairs] == [1.0, 0.0]


def test_many_random_sets_survive_every_format(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for count in (0, 1, 50):
        numbers: dict[str, Any] = {"rank": random.normal(0, 1e6, count), "confidence": random.random(count)}
        pairs = PairSet.from_arrays(random.normal(0, 1e4, (count, 2)), random.random((count, 2)), level=4, **numbers)
        for name in ("x.csv", "x.json"):
            write_pairs(pairs, tmp_path / name)
            assert read_pairs(tmp_path / name) == pairs
