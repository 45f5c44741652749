"""JSON from outside, of which nothing can surprise whoever uses it."""

from __future__ import annotations

import json
import math
from typing import Any

LARGEST = 2**63 - 1
"""Of whole numbers, as databases and Qt hold them; a number of 400 digits is damage, and can't even become a float."""
DEEPEST = 64
"""Of lists and tables inside each other; the program writes some five."""


def parsed(text: Any) -> Any:
    """The values in a text, all numbers finite and of a size that every machine holds. Raises `ValueError`."""
    if not isinstance(text, str):
        raise ValueError("no text")
    try:
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error
    level = [values]
    for _ in range(DEEPEST):
        for value in level:
            _check(value)
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return values
    raise ValueError("too deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("a number is too large")
