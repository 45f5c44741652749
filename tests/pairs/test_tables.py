"""Tables of pairs as spreadsheets, other programs and people write them; each case was refused or misread once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli import main
from studio.files import FileError
from studio.pairs import PairsError, PairSet, check_pairs, check_points, ids_outside, read_pairs, read_points
from studio.pairs.table import number_of

A = [[1.5, 2.0], [50.25, 6.0]]
B = [[3.0, 4.0], [7.0, 8.5]]
WRITTEN = {
    "semicolons and decimal commas, as Excel in German": "ax;ay;bx;by\r\n1,5;2;3;4\r\n50,25;6;7;8,5\r\n",
    "the separator named": "sep=;\nax;ay;bx;by\n1,5;2,0;3;4\n50,25;6;7;8,5\n",
    "the separator named in quotes": '"sep=|"\nax|ay|bx|by\n1,5|2,0|3|4\n50,25|6|7|8,5\n',
    "a tab named": "sep=\t\nax\tay\tbx\tby\n1.5\t2\t3\t4\n50.25\t6\t7\t8.5\n",
    "tabs": "ax\tay\tbx\tby\n1.5\t2\t3\t4\n50.25\t6\t7\t8.5\n",
    "spaces": "ax ay bx by\n1.5 2 3 4\n50.25 6 7 8.5\n",
    "quoted decimal commas": 'ax,ay,bx,by\n"1,5","2","3","4"\n"50,25","6","7","8,5"\n',
    "a header in capitals, in another order": "ID,BY,BX,AY,AX\n1,4,3,2,1.5\n2,8.5,7,6,50.25\n",
    "a header with signs": "A x; A_y; b.x ;B-Y\n1,5;2;3;4\n50,25;6;7;8,5\n",
    "comments": '# he said "hello, and\nax,ay,bx,by\n# one more\n1.5,2,3,4\n% and one\n50.25,6,7,8.5\n',
    "empty lines and rows": "\n\n;;;\nax;ay;bx;by\n;;;\n1,5;2;3;4\n\n50,25;6;7;8,5\n;;;\n",
    "ids as text": "id,ax,ay,bx,by\nleft eye,1.5,2,3,4\nright eye,50.25,6,7,8.5\n",
    "ids as real numbers": "id,ax,ay,bx,by,level\n1.0,1.5,2,3,4,2.0\n2.0,50.25,6,7,8.5,3.0\n",
    "BigWarp with commas in names": '"eye, left","true","1.5","2","3","4"\n"eye, right","true","50.25","6","7","8.5"\n',
    "BigWarp without quotes": "eye, left,true,1.5,2,3,4\neye, right,true,50.25,6,7,8.5\n",
    "BigWarp saved again by Excel in German": "Pt-0;WAHR;1,5;2;3;4\nPt-1;WAHR;50,25;6;7;8,5\n",
    "old Mac line ends": "ax,ay,bx,by\r1.5,2,3,4\r50.25,6,7,8.5\r",
    "a remark with commas in the header": "ax, ay, bx, by, where I clicked\n1.5, 2, 3, 4, there\n50.25,6,7,8.5,\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("how", WRITTEN)
def test_tables_are_read_however_they_were_written(how: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(WRITTEN[how].encode(encoding))
    pairs = read_pairs(tmp_path / "x.csv")
    assert pairs.a.tolist() == A and pairs.b.tolist() == B
    assert pairs.ids == (1, 2)


def test_accents_of_old_encodings_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("id;ax;ay;bx;by\nÖhr «é»;1,5;2;3;4\n".encode("latin-1"))
    assert read_pairs(tmp_path / "x.csv").a.tolist() == [[1.5, 2.0]]


def test_points_to_carry_are_read_likewise(tmp_path: Path) -> None:
    for text in ("X;Y\n1,5;2\n50,25;6\n", '# mine\n\nname,y,x\n"a, b",2,1.5\nc,6,50.25\n'):
        for encoding in ("utf-8", "utf-16"):
            (tmp_path / "x.csv").write_bytes(text.encode(encoding))
            np.testing.assert_array_equal(read_points(tmp_path / "x.csv"), A)


def test_words_for_locked_and_enabled_count(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("ax,ay,bx,by,locked,enabled\n1,2,3,4,FALSE,true\n1,2,3,4,wahr,0\n")
    pairs = read_pairs(tmp_path / "x.csv")
    assert [(pair.locked, pair.enabled) for pair in pairs] == [(False, True), (True, False)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ax,ay,bx,by\n\n1,5,2,5,3,5,4,5\n", "row 1 of “x.csv” (line 3) there are 8 values for 4 columns"),
        ("1,2,3,4\n5,6,7,8\n", "The first row of “x.csv” holds numbers"),
        ("1,5;2;3;4\n", "The first row of “x.csv” holds numbers"),
        ("ax,ay,bx,by,ax\n1,2,3,4,5\n", "“x.csv” has the column ax twice"),
        ("# remark\nax;ay;bx;by\n1;2;3;4\n\n1;2;;4\n", "row 2 of “x.csv” (line 5)"),
        ("ax;ay;bx;by\n1;2;3;4\n1;two;3;4\n", "“two” is no number"),
        ('ax,ay,bx,by\n"1,234",2,3,4\n', "“1,234” may be 1.234 or 1234"),
        ("ax,ay,bx,by,enabled\n1,2,3,4,maybe\n", "“maybe” is neither true nor false"),
        ("ax,ay,bx,by\n1_0,2,3,4\n", "“1_0” is no number"),
    ],
)
def test_the_true_reason_is_named_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PairsError) as caught:
        read_pairs(tmp_path / "x.csv")
    assert words in str(caught.value) and str(caught.value).endswith(".")


def test_a_workbook_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(FileError, match="is a workbook: save it as CSV"):
        read_pairs(tmp_path / "x.csv")
    (tmp_path / "y.csv").write_bytes(b"ax,ay\0bx")
    with pytest.raises(FileError, match="not a text file"):
        read_pairs(tmp_path / "y.csv")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.3", 0.3), ("0,3", 0.3), (" 1.234,5 ", 1234.5), ("1,234.5", 1234.5), ("1 234,5", 1234.5),
        ("1\u202f234\u202f567,5", 1234567.5), ("1'234.5", 1234.5), ("1.234", 1.234), ("-,5", -0.5), ("1,5e2", 150.0),
        ("1.234.567", 1234567.0), ("12", 12.0),
    ],
)  # fmt: skip
def test_numbers_with_either_sign(text: str, value: float) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize("text", ["", "1 2", "1,2,3", "1.2.3", "1,23.4,5", "two", "1_000", "0x1", ","])
def test_what_is_no_number_is_not_made_one(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        number_of(text)


# --- outside of the picture --------------------------------------------------------------------


def test_the_edge_belongs_to_the_picture_and_what_lies_beyond_is_named() -> None:
    size_a, size_b = (40, 30), (20, 10)
    edge = PairSet.from_arrays([[-0.5, -0.5], [39.5, 29.5]], [[19.5, 9.5], [-0.5, -0.5]])
    assert check_pairs(edge, size_a, size_b) is edge and ids_outside(edge, size_a, size_b) == []
    for a, b, name in (([39.51, 3], [3, 3], "A"), ([3, -0.51], [3, 3], "A"), ([3, 3], [3, 9.6], "B")):
        pairs = PairSet.from_arrays([[1, 1], a], [[1, 1], b])
        with pytest.raises(PairsError, match=rf"Pair 2 lies outside of {name} \((40 x 30|20 x 10) px\)"):
            check_pairs(pairs, size_a, size_b)
        assert ids_outside(pairs, size_a, size_b) == [2]
    with pytest.raises(PairsError, match=r"Pair 1 .* and so do 2 more"):
        check_pairs(PairSet.from_arrays([[99, 1]] * 3, [[99, 1]] * 3), size_a, size_b)
    assert check_pairs(edge, None, None) is edge
    with pytest.raises(PairsError, match=r"Point 2 to carry, \(40, 1\), lies outside of A"):
        check_points(np.array([[1.0, 1.0], [40.0, 1.0]]), size_a)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["match", "a.png", "b.png", "--fixed", "far.csv"], "Pair 1 lies outside of B (40 x 30 px), at (300, 3)"),
        (["morph", "a.png", "b.png", "--pairs", "far.csv", "--out", "x.gif"], "Pair 1 lies outside of B"),
        (["stylize", "a.png", "b.png", "--pairs", "far.csv"], "Pair 1 lies outside of the style"),
        (["instant", "a.png", "b.png", "--pairs", "far.csv"], "Pair 1 lies outside of the style"),
        (["match", "a.png", "b.png", "--fixed", "none.csv"], "no pairs in “none.csv”"),
        (["stylize", "a.png", "b.png", "--pairs", "none.csv"], "no pairs in “none.csv”"),
    ],
)
def test_every_command_refuses_points_outside(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30), "olive").save(name)
    Path("far.csv").write_text("ax,ay,bx,by\n1,2,300,3\n")
    Path("none.csv").write_text("ax,ay,bx,by\n")
    assert main(words) == 1
    assert told in capsys.readouterr().err.splitlines()[-1]
