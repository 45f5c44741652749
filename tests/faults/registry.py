"""What a fault is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["picture", "pairs", "project", "weights"]
Outcome = Literal["opens", "noted", "refused"]
Maker = Callable[[Path], Path]


@dataclass(frozen=True)
class Fault:
    """One file that somebody met. See the package for what the fields mean."""

    name: str
    kind: Kind
    must: Outcome
    make: Maker
    says: str
    gives: Callable[[Any], bool] | None
    report: str


FAULTS: list[Fault] = []


def fault(
    kind: Kind, must: Outcome, *, says: str = "", gives: Callable[[Any], bool] | None = None, report: str = ""
) -> Callable[[Maker], Maker]:
    """Enter the decorated maker into the list, under its own name."""
    assert bool(says) == (must != "opens"), "what is noted or refused says something; what simply opens does not"

    def enter(make: Maker) -> Maker:
        assert all(make.__name__ != known.name or kind != known.kind for known in FAULTS)
        FAULTS.append(Fault(make.__name__, kind, must, make, says, gives, report))
        return make

    return enter
