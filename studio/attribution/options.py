"""The methods and their knobs, for forms and flags. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from studio.attribution.targets import TargetError, TargetKind
from studio.language import tr, translatable
from studio.options import Options, knob

Fill = Literal["grey", "black", "white", "blurred"]
FILL_WORDS = {"grey": "Grey", "black": "Black", "white": "White", "blurred": "Blurred"}


class ExplainOptions(Options):
    """What every method takes."""

    size: int = knob(
        224,
        "The longer side of the picture while the network looks at it. The networks know objects best when they fill "
        "about 224 pixels.",
        label="Working size",
        unit="px",
        minimum=32,
        maximum=1024,
        step=16,
    )


class SmoothGradOptions(ExplainOptions):
    """Gradients averaged over noisy copies (Smilkov et al. 2017)."""

    samples: int = knob(50, "How many noisy copies to average.", label="Copies", minimum=1, maximum=500, step=1)
    level: float = knob(
        0.15,
        "How strong the noise is: its spread in parts of the picture's range of brightness. 0.1 to 0.2 is customary.",
        label="Noise",
        minimum=0.0,
        maximum=1.0,
        step=0.01,
    )
    seed: int = knob(
        0, "Where the noise starts from.", label="Seed", minimum=0, maximum=2**31 - 1, step=1, advanced=True
    )


class IntegratedOptions(ExplainOptions):
    """Gradients summed on the way from an empty picture (Sundararajan et al. 2017)."""

    steps: int = knob(
        50,
        "How many points of the way are looked at; more make the parts add up more exactly.",
        label="Steps",
        minimum=2,
        maximum=500,
        step=1,
    )
    baseline: Fill = knob(
        "blurred",
        "The empty picture to start from. What already looks like it can't get a part: a black cat on a black start "
        "gets none.",
        label="Start from",
        words=FILL_WORDS,
    )


class SignedOptions(ExplainOptions):
    """Of methods that can also tell what speaks against."""

    negative: bool = knob(
        False, "Also show what speaks against the target; the article cuts it off.", label="Show against", advanced=True
    )


class GradCamOptions(SignedOptions):
    """Channels of a layer weighted by their mean gradient (Selvaraju et al. 2017)."""

    layer: str = knob(
        "",
        "The layer whose channels are weighted; empty takes the one that suits the target.",
        label="Weighted layer",
    )


class OcclusionOptions(ExplainOptions):
    """What the target loses when a window is covered (Zeiler and Fergus 2014)."""

    window: int = knob(
        16, "Side of the window that is covered.", label="Window", unit="px", minimum=1, maximum=256, step=1
    )
    stride: int = knob(
        8, "How far the window moves each time.", label="Stride", unit="px", minimum=1, maximum=256, step=1
    )
    fill: Fill = knob("grey", "What the window is covered with.", label="Cover with", words=FILL_WORDS)


class InspectOptions(SmoothGradOptions, IntegratedOptions, OcclusionOptions, SignedOptions):
    """The knobs of all methods together, but for the layer, for the command line; each method takes its own."""


ALL: frozenset[TargetKind] = frozenset(("class", "channel", "cell", "pair"))


@dataclass(frozen=True, slots=True)
class Method:
    """One way to explain.

    Attributes
    ----------
    key : str
        As the command line and records spell it.
    title, sentence : str
        For people.
    options : type
        The model of its knobs.
    targets : frozenset
        Kinds of target that it can explain.
    signed : bool
        Whether numbers below zero mean something, so that its maps want a diverging colour map.
    unit : str
        Of the numbers, with “{target}” for the unit of what is explained.
    linear_head : bool
        Whether the network has to end in a mean over the picture and one linear layer.
    """

    key: str
    title: str
    sentence: str
    options: type[ExplainOptions]
    targets: frozenset[TargetKind] = ALL
    signed: bool = False
    unit: str = translatable("{target}")
    linear_head: bool = False

    def why_not(self, kind: TargetKind, title: str, has_classes: bool, has_linear_head: bool) -> str:
        """Why this method can't explain a kind of target with the network called `title`; "" if it can."""
        if kind not in self.targets:
            return tr("{method} can't explain this.", method=tr(self.title))
        if kind == "class" and not has_classes:
            return tr("{title} names nothing; SqueezeNet, VGG and ResNet do.", title=title)
        if self.linear_head and not has_linear_head:
            return tr(
                "{title} does not end in a mean and one linear layer, as {method} needs; SqueezeNet and ResNet do.",
                title=title,
                method=tr(self.title),
            )
        return ""


_METHODS = (
    Method(
        "gradient",
        translatable("Gradient"),
        translatable("How strongly each pixel would move the target if it were changed a little."),
        ExplainOptions,
        unit=translatable("{target} per step from black to white"),
    ),
    Method(
        "gradient-x-input",
        translatable("Gradient x input"),
        translatable(
            "The gradient times the pixel: what each pixel gives if the network were a straight line through black."
        ),
        ExplainOptions,
        signed=True,
    ),
    Method(
        "guided-backprop",
        translatable("Guided backprop"),
        translatable(
            "As the gradient, but following only what excites at every step. Sharp pictures of outlines that say "
            "little about the target itself: see the check with the randomised network."
        ),
        ExplainOptions,
        signed=True,
        unit=translatable("{target} per step from black to white, guided"),
    ),
    Method(
        "smoothgrad",
        translatable("SmoothGrad"),
        translatable("The gradient averaged over noisy copies of the picture: less speckle."),
        SmoothGradOptions,
        unit=translatable("{target} per step from black to white"),
    ),
    Method(
        "integrated-gradients",
        translatable("Integrated gradients"),
        translatable(
            "The target's change on the way from an empty picture, shared out among the pixels; the parts add up."
        ),
        IntegratedOptions,
        signed=True,
    ),
    Method(
        "grad-cam",
        translatable("Grad-CAM"),
        translatable("Where the channels that drive the target are active: a coarse but honest map."),
        GradCamOptions,
        unit=translatable("{target} per cell"),
    ),
    Method(
        "cam",
        translatable("CAM"),
        translatable(
            "The class score cell by cell, for networks that end in a mean over the picture and one linear layer."
        ),
        ExplainOptions,
        targets=frozenset(("class",)),
        signed=True,
        unit=translatable("{target} per cell"),
        linear_head=True,
    ),
    Method(
        "occlusion",
        translatable("Occlusion"),
        translatable("What the target loses when a window is covered there. Slow, but it asks the network itself."),
        OcclusionOptions,
        signed=True,
        unit=translatable("{target} lost"),
    ),
)

METHODS: dict[str, Method] = {method.key: method for method in _METHODS}


def method_named(key: str) -> Method:
    """The method of this key. Raises `TargetError`."""
    if key not in METHODS:
        raise TargetError(tr("There is no method “{key}”; choose one of {names}.", key=key, names=", ".join(METHODS)))
    return METHODS[key]


def options_for(method: str, values: dict[str, Any]) -> ExplainOptions:
    """The knobs of a method, out of `values` those that it has. Raises `OptionsError`, `TargetError`."""
    model = method_named(method).options
    return model.from_dict({name: value for name, value in values.items() if name in model.model_fields})
