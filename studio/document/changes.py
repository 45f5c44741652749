"""What one step did to options and painted regions; what it did to the pairs is `studio.pairs.PairChange`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.document.painted import Mask, Regions

Options = Mapping[str, Mapping[str, Any]]
"""Plain values of the knobs of each form, by the name it is kept under."""


@dataclass(frozen=True, slots=True)
class OptionsChange:
    """The knobs that a step turned: their values before and after, by form and knob.

    A form or a knob that only one of the two states has was added or taken away by another version of the program,
    not by the step.
    """

    knobs: Mapping[str, Mapping[str, tuple[Any, Any]]] = field(default_factory=dict)

    @classmethod
    def between(cls, before: Options, after: Options) -> OptionsChange:
        """What turns `before` into `after`."""
        found = {}
        for form, values in after.items():
            old = before.get(form, values)
            if old is values:
                continue
            turned = {knob: (old[knob], new) for knob, new in values.items() if knob in old and old[knob] != new}
            if turned:
                found[form] = turned
        return cls(found)

    def apply(self, options: Options) -> dict[str, Mapping[str, Any]]:
        """`options` after the step."""
        return self._set(options, 1)

    def undo(self, options: Options) -> dict[str, Mapping[str, Any]]:
        """`options` before the step."""
        return self._set(options, 0)

    def _set(self, options: Options, which: int) -> dict[str, Mapping[str, Any]]:
        changed = dict(options)
        for form, turned in self.knobs.items():
            if form in changed:
                changed[form] = {**changed[form], **{knob: values[which] for knob, values in turned.items()}}
        return changed

    def to_plain(self) -> dict[str, dict[str, list[Any]]]:
        """Values fit for JSON that `from_plain` reads back."""
        return {form: {knob: list(values) for knob, values in turned.items()} for form, turned in self.knobs.items()}

    @classmethod
    def from_plain(cls, values: Any) -> OptionsChange:
        """Raises `ValueError` for what `to_plain` never gives."""
        if not isinstance(values, dict) or not all(isinstance(turned, dict) for turned in values.values()):
            raise ValueError("no table of changed options")
        return cls({form: {knob: _two(pair) for knob, pair in turned.items()} for form, turned in values.items()})


@dataclass(frozen=True, slots=True)
class RegionsChange:
    """All painted regions before and after a step; masks are shared, so this is small."""

    before: Regions
    after: Regions

    @property
    def masks(self) -> Iterator[Mask]:
        """All that it needs."""
        return (mask for region in (*self.before, *self.after) for mask in region.masks)


def _two(values: Any) -> tuple[Any, Any]:
    if not isinstance(values, list) or len(values) != 2:
        raise ValueError("no value before and after")
    return values[0], values[1]
