"""Options as data: one frozen, validated model per job, one field per knob.

From a model come the form in the window, the flags on the command line, the record in a project
file and the recipe in an exported picture; so each knob is declared once, with `knob`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from studio.errors import StudioError
from studio.language import tr


class OptionsError(StudioError):
    """A value that a knob does not take."""


class Options(BaseModel):
    """Base of every options model: frozen, refuses unknown fields, made of `knob` fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Validate plain values.

        Raises
        ------
        OptionsError
            A value is unknown, of the wrong kind or out of range; the sentence names the knob.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise OptionsError(explain(error)) from error

    def with_values(self, **values: Any) -> Self:
        """A validated copy with some knobs set. Raises `OptionsError`."""
        return type(self).from_dict({**self.model_dump(), **values})

    def word(self, name: str) -> str:
        """What people call the value of the choice `name`, in English."""
        return _describe(name, type(self).model_fields[name]).word(str(getattr(self, name)))

    @classmethod
    def knobs(cls) -> tuple[Knob, ...]:
        """The knobs in declaration order, for forms and help pages."""
        return tuple(_describe(name, info) for name, info in cls.model_fields.items())


KnobKind = Literal["bool", "int", "float", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Knob:
    """What a form needs to know of one field.

    `minimum`, `maximum` and `step` are in `unit`; `choices` are given for kind "choice" only;
    `optional` says that None ("automatic") is a value; `advanced` knobs are folded away at first.
    """

    name: str
    label: str
    kind: KnobKind
    default: Any
    help: str
    unit: str
    minimum: float | None
    maximum: float | None
    step: float | None
    choices: tuple[str, ...]
    optional: bool
    advanced: bool
    soft_maximum: float | None
    """Where a slider ends; the field beside it takes more, up to `maximum`."""
    special: str
    """What the minimum is called where it means something else than a number ("all")."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What people call the choices; files, recipes and the command line keep the values themselves."""

    def word(self, choice: str) -> str:
        """What people call one of the choices, in English."""
        return self.words.get(choice, choice)


def knob(
    default: Any,
    help: str,
    *,
    label: str = "",
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    soft_maximum: float | None = None,
    advanced: bool = False,
    special: str = "",
    words: Mapping[str, str] | None = None,
) -> Any:
    """Declare a field of an `Options` model: its default, range, unit, help, and what its choices are called."""
    return Field(
        default=default,
        ge=minimum,
        le=maximum,
        description=help,
        json_schema_extra={
            "label": label,
            "unit": unit,
            "step": step,
            "advanced": advanced,
            "soft_maximum": soft_maximum,
            "special": special,
            "words": dict(words or {}),
        },
    )


def explain(error: ValidationError) -> str:
    """One sentence about the first thing pydantic refused."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "options"
    cause = first.get("ctx", {}).get("error")  # what a validator of our own said, without pydantic's words before it
    message = str(cause) if isinstance(cause, ValueError) else first["msg"]
    reason = message[:1].lower() + message[1:]
    return tr("The option “{where}” was given {value!r}: {reason}.", where=where, value=first["input"], reason=reason)


def _describe(name: str, field: FieldInfo) -> Knob:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    bounds = {key: getattr(rule, key) for rule in field.metadata for key in ("ge", "le") if hasattr(rule, key)}
    annotation, optional = _without_none(field.annotation)
    choices: tuple[str, ...] = ()
    kind: KnobKind
    if typing.get_origin(annotation) is Literal:
        kind, choices = "choice", tuple(str(value) for value in typing.get_args(annotation))
    elif annotation is bool:
        kind = "bool"
    elif annotation is int:
        kind = "int"
    elif annotation is float:
        kind = "float"
    else:
        kind = "text"
    words: Any = extra.get("words") or {}
    step: Any = extra.get("step")
    soft_maximum: Any = extra.get("soft_maximum")
    return Knob(
        name=name,
        label=str(extra.get("label") or name.replace("_", " ")),
        kind=kind,
        default=field.default,
        help=field.description or "",
        unit=str(extra.get("unit") or ""),
        minimum=bounds.get("ge"),
        maximum=bounds.get("le"),
        step=step,
        choices=choices,
        optional=optional,
        advanced=bool(extra.get("advanced")),
        soft_maximum=soft_maximum,
        special=str(extra.get("special") or ""),
        words=words,
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        if len(inner) == 1:
            return inner[0], True
    return annotation, False
