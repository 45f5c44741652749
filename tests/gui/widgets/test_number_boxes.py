"""A number is what was typed, whichever decimal sign and digits it was typed with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest

import studio.gui
from studio.gui.widgets.number_boxes import NumberBox, WholeBox

LOCALES = ["C", "en_US", "de_DE", "fr_FR", "de_CH", "ar_EG", "hi_IN", "fa_IR"]


@pytest.mark.parametrize("name", LOCALES)
@pytest.mark.parametrize(
    ("typed", "value"), [("0.3", 0.3), ("0,3", 0.3), ("٠٫٣", 0.3), ("-0,25", -0.25), ("1.234,5", 1234.5), (",5", 0.5)]
)
def test_both_signs_are_read_everywhere(qtbot, name: str, typed: str, value: float) -> None:
    # Thousands are grouped only in what is pasted: while it is typed the fraction is seen to be full after two digits.
    for how in ("pasted",) if len(typed) > 5 else ("typed", "pasted"):
        box = NumberBox()
        qtbot.addWidget(box)
        box.setLocale(QLocale(name))
        box.setRange(-5000.0, 5000.0)
        box.setSuffix(" px.")
        box.setValue(7.0)
        line = box.lineEdit()
        box.selectAll()
        for part in typed if how == "typed" else [typed]:
            line.insert(part)
        QTest.keyClick(line, Qt.Key.Key_Return)
        assert box.value() == pytest.approx(value), how


@pytest.mark.parametrize("name", LOCALES)
def test_whole_numbers_in_any_digits(qtbot, name: str) -> None:
    for typed in ("42", "٤٢", "४२"):
        box = WholeBox()
        qtbot.addWidget(box)
        box.setLocale(QLocale(name))
        box.selectAll()
        box.lineEdit().insert(typed)
        QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)
        assert box.value() == 42


def test_no_box_of_the_window_is_qts_own() -> None:
    folder = Path(studio.gui.__file__).parent
    bare = re.compile(r"\bQ(Double)?SpinBox\(\w*\)(?!:)")
    files = [path for path in folder.rglob("*.py") if path.name != "number_boxes.py"]
    found = [path.name for path in files if bare.search(path.read_text(encoding="utf-8"))]
    assert found == []
