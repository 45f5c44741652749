"""What the engine of the mode Attribution tells, in the language of the program: its records stay English."""

from __future__ import annotations

import re

from studio.attribution.options import METHODS
from studio.language import tr, translatable

_PLACE = r"(?P<ax>-?\d+), (?P<ay>-?\d+) and B (?P<bx>-?\d+), (?P<by>-?\d+)"
_TARGETS = (
    (r"class (?P<name>.+)", translatable("class {name}")),
    (r"channel (?P<channel>\d+) of (?P<layer>.+)", translatable("channel {channel} of {layer}")),
    (
        r"cell (?P<column>\d+), (?P<row>\d+) of (?P<layer>.+), channel (?P<channel>\d+)",
        translatable("cell {column}, {row} of {layer}, channel {channel}"),
    ),
    (r"cell (?P<column>\d+), (?P<row>\d+) of (?P<layer>.+)", translatable("cell {column}, {row} of {layer}")),
    (
        rf"similarity of A {_PLACE} in (?P<layer>.+)",
        translatable("similarity of A {ax}, {ay} and B {bx}, {by} in {layer}"),
    ),
)
"""What `describe` of a target gives, and how it is shown."""
_UNITS = (translatable("activation"), translatable("score"), translatable("cosine"))


def target_words(target: str) -> str:
    """A target as the engine describes it ("channel 5 of relu3_2"), for a person; a bare name stays as it is."""
    for pattern, words in _TARGETS:
        if found := re.fullmatch(pattern, target):
            return tr(words, **found.groupdict())
    return target


def unit_words(unit: str) -> str:
    """The unit of a map as the engine gives it ("cosine per step from black to white"), for a person."""
    for template in {method.unit for method in METHODS.values()}:
        for base in _UNITS:
            if unit == template.format(target=base):
                return tr(base) if unit == base else tr(template, target=tr(base))
    return unit
