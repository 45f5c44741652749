"""Options as data: declared once, validated, described for forms, and told apart in sentences."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from pydantic import ValidationError

from studio.errors import StudioError
from studio.options import Options, OptionsError, knob


class Oven(Options):
    heat: int = knob(180, "How hot it gets.", unit="°C", minimum=50, maximum=250, step=10, soft_maximum=220)
    fan: bool = knob(True, "Whether the fan turns.")
    mode: Literal["top", "bottom", "both"] = knob("both", "Which coils glow.", label="coils")
    salt: float = knob(0.5, "How much salt.", minimum=0.0, maximum=1.0, advanced=True)
    minutes: int | None = knob(None, "How long; automatic if left open.", minimum=0, special="at once")
    note: str = knob("", "What to write on the box.")


def test_defaults_and_values() -> None:
    assert Oven().heat == 180
    assert Oven(heat=200, mode="top").with_values(heat=210) == Oven(heat=210, mode="top")


def test_options_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Oven().heat = 100  # type: ignore[misc]


def test_they_go_through_json_and_back() -> None:
    oven = Oven(heat=77, fan=False, mode="bottom", salt=0.25, minutes=3, note="für später")
    assert Oven.from_dict(json.loads(json.dumps(oven.to_dict()))) == oven
    assert Oven.from_dict({}) == Oven()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"heat": 300}, "heat"),
        ({"heat": 10}, "heat"),
        ({"heat": "hot"}, "heat"),
        ({"heat": 180.5}, "heat"),
        ({"salt": float("nan")}, "salt"),
        ({"salt": float("inf")}, "salt"),
        ({"mode": "side"}, "mode"),
        ({"mintues": 3}, "mintues"),
        ({"fan": "perhaps"}, "fan"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(values: dict[str, object], named: str) -> None:
    for attempt in (lambda: Oven.from_dict(values), lambda: Oven().with_values(**values)):
        with pytest.raises(OptionsError) as caught:
            attempt()
        text = str(caught.value)
        assert isinstance(caught.value, StudioError)
        assert f"“{named}”" in text and text.endswith(".") and "\n" not in text


def test_knobs_describe_every_field_in_order() -> None:
    knobs = {one.name: one for one in Oven.knobs()}
    assert list(knobs) == ["heat", "fan", "mode", "salt", "minutes", "note"]
    heat = knobs["heat"]
    assert (heat.kind, heat.default, heat.minimum, heat.maximum, heat.step) == ("int", 180, 50, 250, 10)
    assert (heat.unit, heat.help, heat.label, heat.optional, heat.advanced) == (
        "°C", "How hot it gets.", "heat", False, False,
    )  # fmt: skip
    assert heat.soft_maximum == 220 and knobs["salt"].soft_maximum is None
    assert [one.kind for one in knobs.values()] == ["int", "bool", "choice", "float", "int", "text"]
    assert knobs["mode"].choices == ("top", "bottom", "both") and knobs["mode"].label == "coils"
    assert knobs["heat"].choices == ()
    assert knobs["salt"].advanced and not knobs["fan"].advanced
    assert knobs["minutes"].optional and knobs["minutes"].minimum == 0 and knobs["minutes"].special == "at once"
    assert knobs["fan"].minimum is None and knobs["fan"].maximum is None
