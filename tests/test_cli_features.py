"""The commands `exemplars` and `embed`, as typed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from studio.__main__ import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("studio.featurevis.exemplar_search.cache_dir", lambda: tmp_path / "cache")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(skimage.data, name)()[::4, ::4]).save(folder / f"{name}.png")
    return folder


def test_exemplars_are_written_as_a_sheet_and_as_a_list(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    sheet, listed = tmp_path / "sheet.png", tmp_path / "list.json"
    words = ["exemplars", str(folder), "--layer", "relu3_2", "--channels", "7", "--channels", "11", "--size", "96"]
    assert main([*words, "--out", str(sheet)]) == 0 and main([*words, "--out", str(listed)]) == 0
    assert capsys.readouterr().out.split() == [str(sheet), str(listed)]
    assert Image.open(sheet).size[0] > 500
    told = json.loads(listed.read_text(encoding="utf-8"))
    assert set(told["channels"]) == {"7", "11"} and told["pictures"] == 3
    values = [row["value"] for row in told["channels"]["7"]]
    assert values == sorted(values, reverse=True) and 1 <= len(values) <= 3


def test_a_map_is_written_as_a_table_and_as_a_picture(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    pictures = [str(folder / "chelsea.png"), str(folder / "coffee.png")]
    table, image = tmp_path / "map.csv", tmp_path / "map.png"
    flags = ["--level", "5", "--size", "96", "--method", "pca"]
    assert main(["embed", *pictures, *flags, "--out", str(table)]) == 0
    assert main(["embed", *pictures, *flags, "--out", str(image)]) == 0
    assert "trustworthiness" in capsys.readouterr().err
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["picture"] for row in rows} == {"A", "B"} and np.isfinite([float(row["u"]) for row in rows]).all()
    assert Image.open(image).size == (900, 900)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["exemplars", "{folder}", "--layer", "conv"], "has no layer “conv”"),
        (["exemplars", "{empty}"], "There are no pictures"),
        (["exemplars", "{folder}", "--out", "x.doc"], "x.doc"),
        (["embed", "{a}", "{a}", "--level", "9"], "--level takes"),
    ],
)
def test_what_does_not_go_is_one_sentence(
    words: list[str], sentence: str, folder: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main([word.format(folder=folder, empty=empty, a=folder / "chelsea.png") for word in words]) != 0
    said = [line for line in capsys.readouterr().err.splitlines() if "buddies-studio:" in line]
    assert len(said) == 1 and sentence in said[0]
