"""What the classes of a network are called: as its makers say, as a file says, or by their numbers."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.backbones.levels import WeightsError
from studio.errors import StudioError
from studio.files import read_text
from studio.language import tr

log = logging.getLogger(__name__)

SUFFIXES = (".txt", ".json")
"""Of a file of names, which is also looked for beside the file of weights, under the same name."""


def named_classes(count: int, official: Sequence[str], weights: Path | None, names: Path | None) -> tuple[str, ...]:
    """Names of `count` classes: those of the file `names`, of one that fits beside `weights`, `official`, or numbers.

    Raises
    ------
    WeightsError, FileError
        The file can't be read, or names another number of classes.
    """
    if names is not None:
        return _read_names(names, count)
    for path in () if weights is None else map(weights.with_suffix, SUFFIXES):
        if path.is_file():
            try:
                return _read_names(path, count)
            except StudioError as error:  # a text of that name may be about anything
                log.info("%s", error)
    if count == len(official):
        return tuple(official)
    return tuple(f"class {number}" for number in range(count))


def _read_names(path: Path, count: int) -> tuple[str, ...]:
    text = read_text(path)
    if path.suffix.lower() == ".json":
        try:
            names = _from_json(json.loads(text))
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise WeightsError(
                tr(
                    "“{name}” holds no names of classes: it must be a list, or a table of numbers and names.",
                    name=path.name,
                )
            ) from error
    else:
        names = [line.strip() for line in text.splitlines() if line.strip()]
    if len(names) != count:
        raise WeightsError(
            tr(
                "“{name}” names {number} classes, but the network has {count}.",
                name=path.name,
                number=len(names),
                count=count,
            )
        )
    return tuple(names)


def _from_json(data: Any) -> list[str]:
    """A list; number to name, or to (key, name); or name to number."""
    if isinstance(data, list):
        return [str(name) for name in data]
    if all(isinstance(value, int) for value in data.values()):
        data = {number: name for name, number in data.items()}
    numbered = {int(number): name for number, name in data.items()}
    names = [numbered[number] for number in range(len(numbered))]
    return [str(name[-1] if isinstance(name, list) else name) for name in names]
