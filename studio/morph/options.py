"""The knobs of a morph, of a still and of an export."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from studio.morph.curves import keys_of, text_of
from studio.options import Options, knob
from studio.warp.options import WarpOptions

Frame = Literal["a", "b", "between"]
Mode = Literal["morph", "dissolve", "warp a", "warp b"]
CURVES = ("linear", "ease", "custom")
"""Curves with a name; any other is its key points, as `studio.morph.curves` reads them."""
Loop = Literal["once", "loop", "ping-pong"]
Inside = Literal["everything", "subject", "mask"]
Outside = Literal["a", "dissolve"]
Blend = Literal["plain", "gradient", "hybrid", "features"]


class MorphOptions(WarpOptions):
    """How one picture turns into another."""

    frame: Frame = knob(
        "a",
        "The size and shape of the result: that of picture A, of picture B, or between the two. Both pictures are "
        "stretched to it.",
        label="Frame",
        words={"a": "As picture A", "b": "As picture B", "between": "Between the two"},
    )
    mode: Mode = knob(
        "morph",
        "“morph” bends both pictures and fades one into the other, “dissolve” only fades, “warp a” and “warp b” bend "
        "one picture and show nothing of the other.",
        label="Mode",
        words={"morph": "Morph", "dissolve": "Dissolve only", "warp a": "Bend A only", "warp b": "Bend B only"},
    )
    shape_curve: str = knob(
        "linear",
        "How shapes move over time: “linear” evenly, “ease” slowly at both ends, “custom” by the two speeds below, or "
        "through key points of your own, time:value, both 0 to 1, like “0:0,0.3:0.1,1:1”.",
        label="Shapes",
    )
    shape_start: float = knob(
        1.0, "Speed of the shapes at the start, 1 being even. Used by “custom”.",
        label="Shape start", minimum=0.0, maximum=3.0, step=0.1, advanced=True,
    )  # fmt: skip
    shape_end: float = knob(
        1.0, "Speed of the shapes at the end, 1 being even. Used by “custom”.",
        label="Shape end", minimum=0.0, maximum=3.0, step=0.1, advanced=True,
    )  # fmt: skip
    colour_curve: str = knob(
        "linear",
        "How colours fade over time: “linear” evenly, “ease” slowly at both ends, “custom” by the two speeds below, or "
        "through key points of your own, time:value, both 0 to 1, like “0:0,0.3:0.1,1:1”.",
        label="Colours",
    )
    colour_start: float = knob(
        1.0, "Speed of the fading at the start, 1 being even. Used by “custom”.",
        label="Colour start", minimum=0.0, maximum=3.0, step=0.1, advanced=True,
    )  # fmt: skip
    colour_end: float = knob(
        1.0, "Speed of the fading at the end, 1 being even. Used by “custom”.",
        label="Colour end", minimum=0.0, maximum=3.0, step=0.1, advanced=True,
    )  # fmt: skip
    inside: Inside = knob(
        "everything",
        "Where there is a morph: in the whole picture, only in what the transparency of the pictures leaves, or only "
        "in a mask, which moves along.",
        label="Morph only",
        words={"everything": "Everything", "subject": "What is opaque", "mask": "A mask"},
    )
    outside: Outside = knob(
        "a",
        "What is around it: picture A, which stays as it is, or both pictures, which fade into each other unbent.",
        label="Around it",
        words={"a": "Picture A", "dissolve": "Both, faded"},
    )
    feather: float = knob(
        1.0, "How softly the one passes into the other, as a share of the longer side.",
        label="Soft edge", unit="%", minimum=0.0, maximum=20.0, soft_maximum=10.0, step=0.1,
    )  # fmt: skip
    align: float = knob(
        0.0,
        "Aligns what still ghosts between the pairs, by an optical flow between the two warped pictures. It moves "
        "nothing further than a twenty-fifth of the frame, and leaves points set by hand where they are.",
        label="Align ghosts",
        minimum=0.0,
        maximum=1.0,
        step=0.05,
        special="off",
    )
    linear_light: bool = knob(
        True,
        "Mix light instead of the numbers in the file, as two projectors on one wall would. Without it, mixtures of "
        "bright and dark come out too dark.",
        label="Linear light",
        advanced=True,
    )

    @field_validator("shape_curve", "colour_curve")
    @classmethod
    def _is_a_curve(cls, value: str) -> str:
        return value if value in CURVES else text_of(keys_of(value))


class StillOptions(Options):
    """How one in-between picture is put together."""

    blend: Blend = knob(
        "plain",
        "“plain” fades. “gradient” mixes edges instead of colours, which leaves fewer ghosts where one picture has "
        "nothing to show. “hybrid” takes the broad shapes of one picture and the fine detail of the other. “features” "
        "mixes what the built-in network sees in both, and lets it paint that.",
        label="Blend",
        words={"plain": "Plain", "gradient": "By edges", "hybrid": "Hybrid", "features": "Painted by the network"},
    )
    hybrid_radius: float = knob(
        8.0,
        "What counts as fine detail in a hybrid: anything smaller than about this.",
        label="Detail size",
        unit="px",
        minimum=0.5,
        maximum=100.0,
        step=0.5,
        advanced=True,
    )
    hybrid_detail: Literal["a", "b"] = knob(
        "b",
        "Whose fine detail a hybrid shows.",
        label="Detail of",
        words={"a": "Picture A", "b": "Picture B"},
        advanced=True,
    )


class ExportOptions(Options):
    """How a morph is written as a film."""

    frames: int = knob(
        60,
        "How many pictures there are from A to B, both included; ignored if a duration is given.",
        label="Frames",
        minimum=2,
        maximum=100_000,
        soft_maximum=300,
        step=1,
    )
    seconds: float = knob(
        0.0,
        "How long the way from A to B takes; from it and the frame rate follows the number of frames.",
        label="Duration",
        unit="s",
        minimum=0.0,
        maximum=3600.0,
        soft_maximum=20.0,
        step=0.1,
        special="by frames",
    )
    fps: float = knob(
        30.0, "Pictures shown per second.", label="Frame rate", unit="fps", minimum=0.1, maximum=240.0, step=1
    )
    loop: Loop = knob(
        "ping-pong",
        "“once” stops at B, “loop” begins again at A, “ping-pong” goes back the same way and then repeats. MP4 files "
        "can't say that they repeat; there “ping-pong” goes there and back once.",
        label="Repeat",
        words={"once": "Once", "loop": "Loop", "ping-pong": "There and back"},
    )
    longest_side: int = knob(
        0,
        "The longer side of the film; larger pictures are reduced.",
        label="Longest side",
        unit="px",
        minimum=0,
        maximum=16_384,
        soft_maximum=3840,
        step=2,
        special="full size",
    )
    quality: int = knob(
        85,
        "Quality of MP4 and WebP. 100 is lossless in WebP and close to it in MP4.",
        label="Quality",
        minimum=1,
        maximum=100,
        step=1,
    )

    def count(self) -> int:
        """Frames from A to B, both included."""
        return max(2, round(self.seconds * self.fps) + 1) if self.seconds > 0 else self.frames
