"""Tables of text as spreadsheets, other programs and people write them.

The separator may be a semicolon, a tab, a comma, a bar or a space, the decimal sign a point or a comma, the text UTF-8,
UTF-16 or Latin; the names of the columns stand in any order and spelling (`AX`, `a_x`), and lines of comment and empty
lines count for nothing. `csv.Sniffer` goes by how often a sign comes, so a decimal comma misleads it; here the names of
the columns decide.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.files import FileError, explain_os_error, ordinary
from studio.language import tr
from studio.pairs.model import PairsError

SEPARATORS = (";", "\t", ",", "|", " ")
COMMENTS = ("#", "%", "//")
TRUE = frozenset(["true", "yes", "1", "wahr", "vrai", "verdadero", "vero", "waar"])
"""What spreadsheets make of “true” in the languages that they are mostly used in."""
FALSE = frozenset(["false", "no", "0", "falsch", "faux", "falso", "onwaar"])

_NAMED = re.compile(r"\s*\"?sep=(.)\"?\s*\1*\s*", re.IGNORECASE)
_GROUPED = {sign: re.compile(rf"[+-]?\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+(?![\d{sign}])") for sign in ".,"}
_SPACES = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")


def table_text(path: Path) -> str:
    """The text of a file, whichever way it was encoded. Raises `FileError` if it is none."""
    path = Path(path)
    try:
        data = ordinary(path).read_bytes()
    except OSError as error:
        raise FileError(explain_os_error(error, path, "read")) from error
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileError(
            tr("“{name}” is a workbook: save it as CSV in the program that made it, then read that.", name=path.name)
        )
    text = _decoded(data)
    if text is None or "\0" in text:
        raise FileError(tr("“{name}” is not a text file.", name=path.name))
    return text


def _decoded(data: bytes) -> str | None:
    encodings = ["utf-8-sig", "cp1252", "latin-1"]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif len(data) % 2 == 0 and 0 in data[:2]:  # a table begins with a letter or sign below 256
        encodings = ["utf-16-be" if data[0] == 0 else "utf-16-le"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


@dataclass(frozen=True, slots=True)
class Row:
    """Cells without the spaces around them, and where they stand: `number` counts rows, `line` lines of the file."""

    number: int
    line: int
    cells: tuple[str, ...]

    def place(self, name: str) -> str:
        """How a sentence names it."""
        if self.number == self.line:
            return tr("row {number} of “{name}”", number=self.number, name=name)
        return tr("row {number} of “{name}” (line {line})", number=self.number, name=name, line=self.line)


@dataclass(frozen=True, slots=True)
class Table:
    """What stands below the names of the columns.

    Attributes
    ----------
    columns : tuple of str
        In small letters, without spaces and signs.
    decimal : str
        The sign before the fraction in this table; empty if it is mixed and each number is taken by itself.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    separator: str
    decimal: str

    def values(self, row: Row) -> dict[str, str]:
        """The cells of a row that are not empty. Raises `PairsError` if there are more than columns."""
        filled = max((place for place, cell in enumerate(row.cells, start=1) if cell), default=0)
        if filled > len(self.columns):
            raise PairsError(
                tr(
                    "In {where} there are {number} values for {columns} columns; with decimal commas the columns must "
                    "be parted by semicolons or tabs.",
                    where=row.place(self.name),
                    number=filled,
                    columns=len(self.columns),
                )
            )
        return {column: cell for column, cell in zip(self.columns, row.cells, strict=False) if column and cell}

    def number(self, text: str) -> float:
        """A cell as a number. Raises `ValueError`."""
        return number_of(text, self.decimal, self.separator)


def rows_of(text: str, separator: str) -> Iterator[Row]:
    """All rows that are neither empty nor comment. Raises `csv.Error`."""
    # Before the csv module sees them, for a quote in a comment would open a cell.
    lines = ["\n" if line.lstrip().startswith(COMMENTS) else line for line in io.StringIO(text, newline="")]
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    number = 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            number += 1
            yield Row(number, reader.line_num, tuple(cell.strip() for cell in cells))


def separators(text: str) -> tuple[tuple[str, ...], str]:
    """The separators that the cells may be parted by, and the text without the line `sep=;` that names one."""
    for line in io.StringIO(text, newline=""):
        if line.strip():
            named = _NAMED.fullmatch(line)
            if named is None:
                break
            return (named[1],), text.replace(line, "\n", 1)
    return SEPARATORS, text


def read_table(text: str, name: str, needed: Sequence[str], numbers: Sequence[str]) -> Table:
    """The table with the columns `needed`; those of `numbers` decide on the decimal sign.

    Raises
    ------
    PairsError
        The first row lacks a column or names one twice, or this is no CSV; the sentence says which.
    """
    candidates, text = separators(text)
    try:
        separator, columns = _header(text, candidates, needed)
        _check_columns(name, columns, needed)
        rows = tuple(Row(row.number - 1, row.line, row.cells) for row in rows_of(text, separator) if row.number > 1)
    except csv.Error as error:
        raise PairsError(tr("“{name}” is not valid CSV: {error}.", name=name, error=error)) from error
    places = [place for place, column in enumerate(columns) if column in numbers]
    cells = [row.cells[place] for row in rows for place in places if place < len(row.cells)]
    return Table(name, columns, rows, separator, decimal_sign(cells, separator))


def has_columns(text: str, needed: Sequence[str]) -> bool:
    """Whether the first row names all of them."""
    candidates, text = separators(text)
    try:
        return set(needed) <= set(_header(text, candidates, needed)[1])
    except csv.Error:
        return False


def _header(text: str, candidates: Sequence[str], needed: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The separator with which the first row names the most of what is needed, and all that it names then."""
    headers = {separator: _columns(text, separator) for separator in candidates}
    separator = max(candidates, key=lambda one: len(set(needed).intersection(headers[one])))
    return separator, headers[separator]


def _columns(text: str, separator: str) -> tuple[str, ...]:
    first = next(rows_of(text, separator), None)
    return tuple(re.sub(r"[\W_]+", "", cell.casefold()) for cell in first.cells) if first is not None else ()


def _check_columns(name: str, columns: Sequence[str], needed: Sequence[str]) -> None:
    missing = [column for column in needed if column not in columns]
    if missing and columns and all(_is_number(column) for column in columns if column):
        raise PairsError(
            tr(
                "The first row of “{name}” holds numbers: it must name the columns {names}.",
                name=name,
                names=", ".join(needed),
            )
        )
    if missing:
        raise PairsError(
            tr(
                "“{name}” has no column {names}: the first row must name the columns {needed}.",
                name=name,
                names=", ".join(missing),
                needed=", ".join(needed),
            )
        )
    twice = [column for column in needed if columns.count(column) > 1]
    if twice:
        raise PairsError(tr("“{name}” has the column {names} twice.", name=name, names=", ".join(twice)))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def decimal_sign(cells: Sequence[str], separator: str) -> str:
    """The decimal sign with which all cells are numbers, or "" if there is none.

    Where both would do, it is the point in a table without commas; and the comma where commas do not part the columns.
    """
    cells = [cell for cell in cells if any(sign in cell for sign in ".,")]
    fitting = [sign for sign in ".," if all(_can_be(cell, sign) for cell in cells)]
    if len(fitting) == 2:
        if not any("," in cell for cell in cells):
            return "."
        return "," if separator != "," else ""
    return fitting[0] if fitting else ""


def _can_be(text: str, decimal: str) -> bool:
    try:
        _with_sign(text, decimal)
    except ValueError:
        return False
    return True


def number_of(text: str, decimal: str = "", separator: str = ",") -> float:
    """A number that a person or a spreadsheet wrote, with either decimal sign.

    Parameters
    ----------
    decimal : str
        The sign before the fraction; the other one groups thousands. By default whichever makes it a number, and of
        `1,234`, which may be two numbers, nothing is made.
    separator : str
        Of the table that it stands in.

    Raises
    ------
    ValueError
        It is no number; the words say so.
    """
    if decimal:
        return _with_sign(text, decimal)
    values = {sign: _with_sign(text, sign) for sign in ".," if _can_be(text, sign)}
    if not values:
        raise ValueError(tr("“{text}” is no number", text=text[:40]))
    if "," in text and len(set(values.values())) > 1 and separator == ",":
        raise ValueError(
            tr("“{text}” may be {first:g} or {second:g}", text=text[:40], first=values[","], second=values["."])
        )
    return values["," if "," in text and "," in values else next(iter(values))]


def _with_sign(text: str, decimal: str) -> float:
    plain = _SPACES.sub("", text.strip())
    group = "," if decimal == "." else "."
    if group in plain and _GROUPED[group].match(plain):
        plain = plain.replace(group, "")
    if group in plain or "_" in plain:
        raise ValueError(tr("“{text}” is no number", text=text[:40]))
    try:
        return float(plain.replace(decimal, "."))
    except ValueError:
        raise ValueError(tr("“{text}” is no number", text=text[:40])) from None


def truth_of(text: str) -> bool | None:
    """Yes or no as spreadsheets write it; None for other words."""
    word = text.strip().casefold()
    return True if word in TRUE else False if word in FALSE else None
