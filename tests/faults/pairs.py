"""Files of pairs that somebody met."""

from __future__ import annotations

from pathlib import Path

from studio.pairs import PairSet
from tests.faults.pictures import pipe
from tests.faults.registry import fault

A = ((10.0, 8.0), (45.0, 10.0), (28.0, 30.0))
B = ((12.0, 9.0), (44.0, 12.0), (27.0, 29.0))
ROWS = tuple((*a, *b) for a, b in zip(A, B, strict=True))
"""Three pairs inside both pictures of the tests: ax, ay, bx, by."""
HEAD = "ax,ay,bx,by\n"
TABLE = HEAD + "".join(",".join(map(str, row)) + "\n" for row in ROWS)


def whole(pairs: PairSet) -> bool:
    """Whether they are the three, numbered from 1."""
    return pairs.ids == (1, 2, 3) and [(*pair.a, *pair.b) for pair in pairs] == list(ROWS)


def _text(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


def _numbered(folder: Path, *ids: object) -> Path:
    rows = "".join(f"{number},{','.join(map(str, row))}\n" for number, row in zip(ids, ROWS, strict=True))
    return _text(folder, "pairs.csv", "id," + HEAD + rows)


def _json(folder: Path, more: str = "", end: str = "") -> Path:
    rows = ", ".join(f'{{"a": [{ax}, {ay}], "b": [{bx}, {by}]{more}}}' for ax, ay, bx, by in ROWS)
    return _text(folder, "pairs.json", f'{{"pairs": [{rows}{end}]}}')


# --- they open ---------------------------------------------------------------------------------


@fault("pairs", "opens", gives=whole, report="wkentaro/labelme#922")
def mark_of_byte_order(folder: Path) -> Path:
    """As programs for Windows begin their texts."""
    return _text(folder, "pairs.csv", "\ufeff" + TABLE)


@fault("pairs", "opens", gives=whole)
def mark_of_byte_order_in_json(folder: Path) -> Path:
    """The same, where JSON forbids it."""
    path = _json(folder)
    return _text(folder, "pairs.json", "\ufeff" + path.read_text())


@fault("pairs", "opens", gives=whole)
def line_ends_of_old_macs(folder: Path) -> Path:
    """Carriage returns alone."""
    return _text(folder, "pairs.csv", TABLE.replace("\n", "\r"))


@fault("pairs", "opens", gives=lambda pairs: len(pairs) == 3, report="umap-project/umap#285")
def rows_without_content(folder: Path) -> Path:
    """A spreadsheet's rows that were emptied."""
    return _text(folder, "pairs.csv", TABLE.replace("\n", "\n,,,\n\n"))


@fault("pairs", "opens", gives=whole)
def numbers_used_twice(folder: Path) -> Path:
    """Two tables were put together."""
    return _numbered(folder, 1, 2, 1)


@fault("pairs", "opens", gives=whole, report="opencv/opencv-python#513")
def numbers_of_a_database(folder: Path) -> Path:
    """Eighteen digits, more than a signal of Qt can hold."""
    return _numbered(folder, 983993829563581248, 983993829563581249, 983993829563581251)


@fault("pairs", "opens", gives=whole, report="talmolab/sleap#1477")
def numbers_too_large_for_a_project(folder: Path) -> Path:
    """Thirty digits, more than SQLite can hold."""
    return _numbered(folder, "9" * 30, 2, 3)


@fault("pairs", "opens", gives=whole, report="saalfeldlab/bigwarp#5")
def landmarks_with_one_that_has_no_partner_yet(folder: Path) -> Path:
    """BigWarp writes such a one as infinite; they are loaded over pairs that are there."""
    rows = [*ROWS, (5.0, 6.0, float("inf"), float("inf"))]
    text = "".join(
        ",".join(f'"{word}"' for word in (f"Pt-{n}", "true", *row)) + "\n" for n, row in enumerate(rows)
    ).replace("inf", "Infinity")
    return _text(folder, "landmarks.csv", text)


# --- they are refused --------------------------------------------------------------------------


@fault("pairs", "refused", says="row 2", report="napari/napari#771")
def place_that_is_not_a_number(folder: Path) -> Path:
    """As statistics write what is missing."""
    return _text(folder, "pairs.csv", TABLE.replace("45.0", "NaN"))


@fault("pairs", "refused", says="row 2")
def place_that_is_infinite(folder: Path) -> Path:
    """An exponent that no number has."""
    return _text(folder, "pairs.csv", TABLE.replace("45.0", "1e999"))


@fault("pairs", "refused", says="row 3", report="GeoDaCenter/geoda#37")
def cell_without_content(folder: Path) -> Path:
    """One coordinate was forgotten."""
    return _text(folder, "pairs.csv", TABLE.replace("30.0", ""))


@fault("pairs", "refused", says="pair 1")
def level_that_no_network_has(folder: Path) -> Path:
    """More digits than a project can hold."""
    return _json(folder, f', "level": {"9" * 30}')


@fault("pairs", "refused", says="not valid JSON", report="wkentaro/labelme#1337")
def comma_too_many(folder: Path) -> Path:
    """Edited by hand."""
    return _json(folder, end=", ")


@fault("pairs", "refused", says="holds no list", report="wkentaro/labelme#1250")
def file_of_labelme(folder: Path) -> Path:
    """Labels of one picture, in JSON too."""
    shape = '{"label": "eye", "points": [[1, 2]], "shape_type": "point"}'
    return _text(folder, "cat.json", f'{{"version": "5.1.1", "shapes": [{shape}], "imagePath": "cat.jpg"}}')


@fault("pairs", "refused", says="not valid JSON")
def brackets_without_end(folder: Path) -> Path:
    """Deeper than any reader follows."""
    return _text(folder, "pairs.json", "[" * 100_000)


@fault("pairs", "refused", says="not a text file")
def byte_of_zero(folder: Path) -> Path:
    """A disk was full, and zeros stand where numbers were."""
    return _text(folder, "pairs.csv", TABLE.replace("45.0", "4\0\0\0"))


@fault("pairs", "refused", says="not valid CSV")
def cell_without_end(folder: Path) -> Path:
    """One quotation mark too many, in a long file."""
    return _text(folder, "pairs.csv", HEAD + '"' + TABLE * 5000)


@fault("pairs", "refused", says="is a folder")
def folder_called_pairs(folder: Path) -> Path:
    """Its name ends like a table's."""
    (folder / "pairs.csv").mkdir()
    return folder / "pairs.csv"


@fault("pairs", "refused", says="is not a text file")
def picture_called_pairs(folder: Path) -> Path:
    """The wrong file of two with one name."""
    (folder / "pairs.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    return folder / "pairs.csv"


@fault("pairs", "refused", says="is not an ordinary file", report="MemPalace/mempalace#2221")
def pipe_called_pairs(folder: Path) -> Path:
    """Reading it would wait for ever."""
    return pipe(folder, "pairs.csv")
