"""The knobs of style transfer, texture synthesis and feature inversion."""

from __future__ import annotations

from typing import Any, Literal

from studio.options import Options, knob

StyleLossName = Literal["wasserstein", "gram", "mean_std", "histogram", "sliced"]
Optimizer = Literal["adam", "lbfgs"]
Init = Literal["content", "style", "noise", "picture", "instant"]
Statistics = Literal["covariance", "mean_std"]
KeepColors = Literal["none", "luminance", "histogram", "linear"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]

_LOSS_HELP = (
    "How two styles are compared: wasserstein (the distance of their feature clouds, the most faithful), gram (the "
    "classic), mean_std (looser and quicker), histogram (each channel's values), sliced (along random directions)."
)
_OPTIMIZER_HELP = "adam is steady; lbfgs takes fewer, dearer steps and may stall on strong styles."
_LAYERS_HELP = (
    "Layers of the network whose statistics make the style, with weights if wanted: “relu1_1:1, relu3_1:0.5”; "
    "empty: its levels."
)
_SEED_HELP = "Where the random numbers start; the same seed gives the same picture."
_TILE_HELP = (
    "Side of the pieces that a large picture is computed in, with the same result as in one piece and far less "
    "memory; 0 takes pieces only where memory asks for them."
)
_PRECISION_HELP = "Numbers the network computes with: auto takes bfloat16 on a GPU that has it, else float32."


def _optimizer() -> Any:
    return knob("adam", _OPTIMIZER_HELP, label="Optimiser", advanced=True)


def _precision() -> Any:
    return knob("auto", _PRECISION_HELP, label="Precision", advanced=True)


def _seed() -> Any:
    return knob(0, _SEED_HELP, label="Seed", minimum=0, maximum=2**31 - 1, step=1, advanced=True)


def _layers() -> Any:
    return knob("", _LAYERS_HELP, label="Style layers", advanced=True)


def _tile() -> Any:
    return knob(
        0, _TILE_HELP, label="Tiles", unit="px", minimum=0, maximum=4096, step=64, special="automatic", advanced=True
    )


def _size(default: int, help: str = "Longer side of the result. Time grows with its square.") -> Any:
    return knob(default, help, label="Size", unit="px", minimum=16, maximum=16384, soft_maximum=1024, step=32)


def _stroke_size() -> Any:
    return knob(
        1.0,
        "Size of the style picture against the result: above 1 its strokes get larger, below 1 finer.",
        label="Stroke size",
        unit="x",
        minimum=0.1,
        maximum=8.0,
        soft_maximum=3.0,
        step=0.05,
    )


def _keep_colors() -> Any:
    return knob(
        "none",
        "Keep the content's colours: luminance paints with light and dark only; histogram and linear first give the "
        "style picture the content's colours.",
        label="Keep colours",
    )


def _geometry() -> Any:
    return knob(
        0.0,
        "How far the content is bent to the shape of the style along the pairs, beside any change of look.",
        label="Shape of the style",
        minimum=0.0,
        maximum=1.0,
        step=0.05,
    )


def _match_regions() -> Any:
    return knob(
        0,
        "Regions grown from the pairs in both pictures; each takes its style from its partner only.",
        label="Regions from pairs",
        minimum=0,
        maximum=16,
        soft_maximum=8,
        step=1,
        special="none",
    )


def _softness() -> Any:
    return knob(
        0.03,
        "Width of the borders of regions, as a share of the longer side.",
        label="Soft borders",
        minimum=0.0,
        maximum=0.5,
        soft_maximum=0.2,
        step=0.005,
        advanced=True,
    )


def _step_length(default: float) -> Any:
    return knob(
        default,
        "How far each step of adam goes, of the range from black to white.",
        label="Step length",
        minimum=1e-4,
        maximum=1.0,
        soft_maximum=0.2,
        step=0.005,
        advanced=True,
    )


def _averaging(default: float) -> Any:
    return knob(
        default,
        "How slowly the shown average follows the steps: near 1 it is smoother, 0 shows each step itself.",
        label="Averaging",
        minimum=0.0,
        maximum=0.999,
        step=0.01,
        advanced=True,
    )


class StyleOptions(Options):
    """How one picture is given the look of another, by optimisation."""

    size: int = _size(384)
    steps: int = knob(
        160,
        "Steps in all, over all sizes from coarse to fine. More make it finer and slower; 0 only shows the start.",
        label="Steps",
        minimum=0,
        maximum=100_000,
        soft_maximum=1000,
        step=10,
    )
    loss: StyleLossName = knob("wasserstein", _LOSS_HELP, label="Loss")
    content_weight: float = knob(
        1.0,
        "How much the shapes of the content are held on to.",
        label="Content",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=5.0,
        step=0.1,
    )
    style_weight: float = knob(
        1.0,
        "How much the look of the style is striven for; 0 gives the content back.",
        label="Style",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=5.0,
        step=0.1,
        advanced=True,
    )
    style_scale: float = _stroke_size()
    keep_colors: KeepColors = _keep_colors()
    anchors: float = knob(
        1.0,
        "How much paired points take the look of their partners, by confidence; needs pairs.",
        label="Follow pairs",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=5.0,
        step=0.1,
    )
    geometry: float = _geometry()
    match_regions: int = _match_regions()
    tv: float = knob(
        1.0,
        "How much differences between neighbouring pixels are held against the result (total variation).",
        label="Smoothness",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=5.0,
        step=0.1,
        advanced=True,
    )
    init: Init = knob(
        "content",
        "What the first picture is; “picture” takes the one that is handed in, “instant” what is painted in one go.",
        label="Start",
        advanced=True,
    )
    optimizer: Optimizer = _optimizer()
    learning_rate: float = _step_length(0.05)
    averaging: float = _averaging(0.8)
    smallest: int = knob(
        128,
        "Longer side at which it starts; from there sizes grow by the square root of two.",
        label="First size",
        unit="px",
        minimum=16,
        maximum=16384,
        soft_maximum=512,
        step=16,
        advanced=True,
    )
    anchor_reach: float = knob(
        0.04,
        "How far around a point its partner's look reaches, as a share of the longer side.",
        label="Reach of a pair",
        minimum=0.005,
        maximum=0.5,
        soft_maximum=0.2,
        step=0.005,
        advanced=True,
    )
    softness: float = _softness()
    layers: str = _layers()
    content_layers: str = knob(
        "", "Layers whose activations hold the shapes; empty: relu4_2 or what comes next to it.", advanced=True
    )
    tile: int = _tile()
    precision: Precision = _precision()
    seed: int = _seed()


class InstantOptions(Options):
    """How one picture is given the look of another in one go."""

    size: int = _size(768)
    strength: float = knob(
        1.0,
        "How far the look goes over to the style's: at 0 it is the content itself.",
        label="Strength",
        minimum=0.0,
        maximum=1.0,
        step=0.05,
    )
    rounds: int = knob(
        2,
        "How often it is painted, from small to large, each time at twice the size; more of them give larger strokes.",
        label="Rounds",
        minimum=1,
        maximum=5,
        step=1,
    )
    style_scale: float = _stroke_size()
    keep_colors: KeepColors = _keep_colors()
    geometry: float = _geometry()
    match_regions: int = _match_regions()
    statistics: Statistics = knob(
        "covariance",
        "What of the features is matched: covariance also takes which of them go together, mean_std each for itself.",
        label="Statistics",
        advanced=True,
    )
    softness: float = _softness()


class TextureOptions(Options):
    """How a texture is made that looks like a picture everywhere and shows it nowhere."""

    width: int = knob(256, "Width of the texture.", unit="px", minimum=16, maximum=8192, soft_maximum=1024, step=16)
    height: int = knob(256, "Height of the texture.", unit="px", minimum=16, maximum=8192, soft_maximum=1024, step=16)
    steps: int = knob(240, "Steps in all.", label="Steps", minimum=0, maximum=100_000, soft_maximum=1000, step=10)
    tileable: bool = knob(
        False, "Whether copies side by side fit without a seam; both sides are rounded to full cells.", label="Tileable"
    )
    loss: StyleLossName = knob("wasserstein", _LOSS_HELP, label="Loss")
    style_scale: float = knob(
        1.0,
        "Size of the example against the texture: its longer side over the texture's.",
        label="Grain",
        unit="x",
        minimum=0.1,
        maximum=8.0,
        soft_maximum=3.0,
        step=0.05,
    )
    tv: float = knob(
        0.3,
        "How much differences between neighbouring pixels are held against the result.",
        label="Smoothness",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=3.0,
        step=0.05,
    )
    optimizer: Optimizer = _optimizer()
    learning_rate: float = _step_length(0.08)
    averaging: float = _averaging(0.9)
    smallest: int = knob(
        64, "Longer side at which it starts.", label="First size", unit="px", minimum=16, maximum=8192, advanced=True
    )
    layers: str = _layers()
    tile: int = _tile()
    precision: Precision = _precision()
    seed: int = _seed()


class InversionOptions(Options):
    """How a picture is made again from the activations of one layer alone, which shows what that layer keeps."""

    layer: str = knob("", "Layer to invert, as the network calls it; empty: the one in the middle.", label="Layer")
    size: int = knob(224, "Longer side.", label="Size", unit="px", minimum=16, maximum=4096, soft_maximum=512, step=16)
    steps: int = knob(200, "Steps in all.", label="Steps", minimum=0, maximum=100_000, soft_maximum=1000, step=10)
    range_weight: float = knob(
        0.001,
        "How much pixels far from grey are held against the result (the alpha-norm, to the sixth power).",
        label="Range",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=1.0,
        step=0.001,
    )
    tv: float = knob(
        0.05,
        "How much differences between neighbouring pixels are held against the result.",
        label="Smoothness",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=1.0,
        step=0.01,
    )
    optimizer: Optimizer = _optimizer()
    learning_rate: float = _step_length(0.05)
    averaging: float = _averaging(0.8)
    precision: Precision = _precision()
    seed: int = _seed()
