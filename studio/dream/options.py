"""The knobs of dreams, for forms and flags. Imports no torch."""

from __future__ import annotations

from typing import Literal

from studio.options import Options, knob

Parameters = Literal["spectrum", "pixels", "decoder"]
Start = Literal["grey", "noise", "picture"]


class MaximiseOptions(Options):
    """How a picture is made from nothing that excites a unit most (Erhan et al. 2009; Olah et al. 2017)."""

    size: int = knob(192, "Side of the picture.", label="Size", unit="px", minimum=32, maximum=1024, step=16)
    steps: int = knob(
        192,
        "How often the picture is changed; after some hundred it changes little.",
        label="Steps",
        minimum=1,
        maximum=4096,
        soft_maximum=1024,
        step=1,
    )
    parameters: Parameters = knob(
        "spectrum",
        "What is changed: frequencies, which gives clear shapes; pixels, as the articles did first, which gives fine "
        "noise; or the features that the built-in decoder paints, which gives what a picture could be.",
        label="Change",
        words={"spectrum": "Frequencies", "pixels": "Pixels", "decoder": "Features, painted"},
    )
    start: Start = knob(
        "noise",
        "What is started from.",
        label="Start from",
        words={"grey": "Grey", "noise": "Noise", "picture": "The picture"},
    )
    count: int = knob(
        1,
        "How many pictures are made at once; several show different faces of the same unit.",
        label="Pictures",
        minimum=1,
        maximum=9,
        step=1,
    )
    diversity: float = knob(
        0.5,
        "How much the pictures are to differ from each other, where there are several.",
        label="Differ by",
        minimum=0.0,
        maximum=10.0,
        step=0.1,
        advanced=True,
    )
    robustness: float = knob(
        1.0,
        "How much the picture is moved, turned and scaled before each look: what survives that is a shape and no "
        "noise. 1 is 12 px of moving, 10 degrees and a tenth of its size.",
        label="Robustness",
        minimum=0.0,
        maximum=3.0,
        step=0.1,
    )
    rate: float = knob(
        0.05, "How far each step goes.", label="Rate", minimum=0.001, maximum=1.0, step=0.005, advanced=True
    )
    decay: float = knob(
        0.0,
        "Share by which every pixel goes back to grey at each step (Yosinski et al. 2015, L2 decay). Pixels only.",
        label="Decay",
        minimum=0.0,
        maximum=0.9,
        step=0.0001,
        advanced=True,
    )
    blur: float = knob(
        0.0,
        "Width of the blur that takes high frequencies away now and then (Yosinski et al. 2015). Pixels only.",
        label="Blur",
        unit="px",
        minimum=0.0,
        maximum=10.0,
        step=0.1,
        advanced=True,
    )
    blur_every: int = knob(
        4, "Steps between two blurs.", label="Blur every", unit="steps", minimum=1, maximum=100, step=1, advanced=True
    )
    small_norm: float = knob(
        0.0,
        "Share of the pixels, those nearest to grey, that is set to grey at each step (Yosinski et al. 2015). Pixels "
        "only.",
        label="Clip small",
        unit="%",
        minimum=0.0,
        maximum=99.0,
        step=1.0,
        advanced=True,
    )
    small_contribution: float = knob(
        0.0,
        "Share of the pixels, those that do least for the unit, that is set to grey at each step (Yosinski et al. "
        "2015). Pixels only.",
        label="Clip idle",
        unit="%",
        minimum=0.0,
        maximum=99.0,
        step=1.0,
        advanced=True,
    )
    seed: int = knob(0, "Where chance starts from.", label="Seed", minimum=0, maximum=2**31 - 1, step=1, advanced=True)


YOSINSKI: tuple[dict[str, float], ...] = (
    {"decay": 0.0, "blur": 0.5, "blur_every": 4, "small_norm": 50.0, "small_contribution": 0.0},
    {"decay": 0.3, "blur": 0.0, "blur_every": 4, "small_norm": 20.0, "small_contribution": 0.0},
    {"decay": 0.0001, "blur": 1.0, "blur_every": 4, "small_norm": 0.0, "small_contribution": 0.0},
    {"decay": 0.0, "blur": 0.5, "blur_every": 4, "small_norm": 0.0, "small_contribution": 90.0},
)
"""The four settings that the authors published (Yosinski et al. 2015, table 1), for parameters of pixels."""


class DreamOptions(Options):
    """How a picture dreams: what a layer sees in it is made stronger (Mordvintsev et al. 2015)."""

    layer: str = knob(
        "",
        "The layer whose sights are made stronger; empty takes the level before the coarsest.",
        label="Layer",
        special="usual",
    )
    channels: str = knob(
        "", "Only these channels, as in “3,17”; empty takes all.", label="Channels", special="all", advanced=True
    )
    size: int = knob(
        0,
        "Longer side of the result.",
        label="Size",
        unit="px",
        minimum=0,
        maximum=4096,
        step=16,
        special="as the picture",
    )
    octaves: int = knob(
        4,
        "How many sizes are dreamt, from small to large; more give larger shapes.",
        label="Octaves",
        minimum=1,
        maximum=10,
        step=1,
    )
    scale: float = knob(
        1.4,
        "How much larger each size is than the one before.",
        label="Octave scale",
        minimum=1.1,
        maximum=2.0,
        step=0.05,
    )
    steps: int = knob(
        12, "How often each size is changed.", label="Steps", unit="an octave", minimum=0, maximum=200, step=1
    )
    strength: float = knob(
        1.5,
        "How far each step goes, in levels of 255 for a mean change.",
        label="Strength",
        minimum=0.1,
        maximum=10.0,
        step=0.1,
    )
    jitter: int = knob(
        32,
        "How far the picture is rolled before each step, so that no grid shows.",
        label="Jitter",
        unit="px",
        minimum=0,
        maximum=128,
        step=1,
        advanced=True,
    )
    tile: int = knob(
        0,
        "Side of the parts that are computed one after the other, which gives the same picture in less memory.",
        label="Tiles",
        unit="px",
        minimum=0,
        maximum=2048,
        step=64,
        special="as needed",
        advanced=True,
    )
    seed: int = knob(0, "Where chance starts from.", label="Seed", minimum=0, maximum=2**31 - 1, step=1, advanced=True)


class ZoomOptions(Options):
    """A film that falls into its own dream."""

    frames: int = knob(
        90, "How many pictures the film has.", label="Frames", minimum=2, maximum=3000, soft_maximum=600, step=1
    )
    nearer: float = knob(
        1.03,
        "How much nearer each frame is than the one before.",
        label="Zoom a frame",
        minimum=1.0,
        maximum=1.2,
        step=0.005,
    )
    turn: float = knob(
        0.5,
        "How far each frame is turned against the one before.",
        label="Turn",
        unit="degrees",
        minimum=-10.0,
        maximum=10.0,
        step=0.1,
    )
    frame_steps: int = knob(3, "How often each frame is dreamt.", label="Steps a frame", minimum=1, maximum=50, step=1)
    to_x: float = knob(
        0.5, "Where it falls to, from left (0) to right (1).", label="X", minimum=0.0, maximum=1.0, step=0.01
    )
    to_y: float = knob(
        0.5, "Where it falls to, from top (0) to bottom (1).", label="Y", minimum=0.0, maximum=1.0, step=0.01
    )
    fps: int = knob(30, "Frames a second.", label="Frame rate", unit="fps", minimum=1, maximum=120, step=1)
    quality: int = knob(
        80, "How good the pictures of the film are.", label="Quality", minimum=1, maximum=100, step=1, advanced=True
    )


class AdversaryOptions(Options):
    """The smallest change that makes a network see something else."""

    method: Literal["fgsm", "pgd", "deepfool"] = knob(
        "pgd",
        "“fgsm” takes one step along the sign of the gradient (Goodfellow et al. 2015), “pgd” many small ones inside "
        "the ball (Madry et al. 2018), “deepfool” looks for the nearest change of any size (Moosavi-Dezfooli et al. "
        "2016).",
        label="Method",
        words={"fgsm": "One step", "pgd": "Many steps", "deepfool": "Nearest change"},
    )
    eps: float = knob(
        2.0,
        "How far a pixel may be changed, in levels of 255; for the norm “l2” the mean over the pixels.",
        label="Largest change",
        unit="levels",
        minimum=0.1,
        maximum=64.0,
        step=0.5,
    )
    norm: Literal["linf", "l2"] = knob(
        "linf",
        "What is kept small: the largest change of a pixel (“linf”) or the length of all changes (“l2”).",
        label="Norm",
        words={"linf": "Every pixel", "l2": "All pixels together"},
        advanced=True,
    )
    steps: int = knob(
        40, "Steps of “pgd” and “deepfool” at most.", label="Steps", minimum=1, maximum=1000, step=1, advanced=True
    )
    size: int = knob(
        224,
        "Longer side at which the network looks at the picture, and of the picture that is made.",
        label="Size",
        unit="px",
        minimum=32,
        maximum=1024,
        step=16,
    )
    seed: int = knob(
        0, "Where “pgd” starts inside the ball.", label="Seed", minimum=0, maximum=2**31 - 1, step=1, advanced=True
    )
