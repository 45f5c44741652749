"""Boxes for numbers that take either decimal sign and the digits of any script, whatever the language of the system.

Qt's own read only what its locale writes: "0.3" typed in German, where the point groups thousands, becomes 0 without
a word, and so does "0,3" in English.
"""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

SIGNS = ".,٫"
"""Before a fraction; the last one is Arabic."""
MINUSES = str.maketrans("−–", "--")


class NumberBox(QDoubleSpinBox):
    """For a number with a fraction."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        shown, position = _in_locale(text, position, self.prefix(), self.suffix(), self.locale())
        return super().validate(shown, position)

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(_in_locale(text, 0, self.prefix(), self.suffix(), self.locale())[0])


class WholeBox(QSpinBox):
    """For a whole number."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        shown, position = _in_locale(text, position, self.prefix(), self.suffix(), self.locale())
        return super().validate(shown, position)

    def valueFromText(self, text: str) -> int:
        return super().valueFromText(_in_locale(text, 0, self.prefix(), self.suffix(), self.locale())[0])


def _in_locale(text: str, position: int, prefix: str, suffix: str, locale: QLocale) -> tuple[str, int]:
    """The text with the number as the locale writes it, and where the cursor is then.

    Of several signs the last stands before the fraction; those before it group thousands and go.
    """
    start = len(prefix) if prefix and text.startswith(prefix) else 0
    end = len(text) - len(suffix) if suffix and text.endswith(suffix) else len(text)
    number = text[start:end].translate(MINUSES)
    zero = ord(locale.zeroDigit()[0])
    places = [place for place, sign in enumerate(number) if sign in SIGNS]
    found = []
    for place, sign in enumerate(number):
        if sign in SIGNS:
            if place == places[-1]:
                found.append(locale.decimalPoint())
            elif start + place < position:
                position -= 1
        else:
            found.append(chr(zero + unicodedata.decimal(sign)) if sign.isdecimal() else sign)
    return f"{text[:start]}{''.join(found)}{text[end:]}", position
