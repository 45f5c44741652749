"""The knobs of a match."""

from __future__ import annotations

from typing import Literal

from studio.options import Options, knob

Preset = Literal["paper", "official", "fast"]


class MatchOptions(Options):
    """How two pictures are matched (Aberman et al. 2018, Neural Best-Buddies)."""

    preset: Preset = knob(
        "paper",
        "How the method is read. “paper” follows the article: it sees the whole pictures, keeps their shapes and is "
        "quick. “fast” is the same but leaves the finest level out. “official” repeats what the authors' program "
        "computes, point for point: slow, on squares, and only for objects that lie at about the same place.",
        label="Matcher",
        words={"paper": "As in the article", "official": "As the authors' program", "fast": "Fast"},
    )
    pairs: int = knob(
        24,
        "How many pairs to keep. All pairs found are grouped by place and the strongest of each group stays, so fewer "
        "means only the most telling points, and more means a denser cover.",
        label="Pairs",
        minimum=0,
        maximum=2000,
        soft_maximum=100,
        step=1,
        special="all",
    )
    working_size: int = knob(
        224,
        "The longer side of the pictures while the network looks at them. Larger finds finer detail and takes time and "
        "memory with the square of the size; but networks know objects best when they fill about 224 pixels.",
        label="Working size",
        unit="px",
        minimum=64,
        maximum=1024,
        step=16,
    )
    activation_threshold: float | None = knob(
        None,
        "How strongly the network must react to a point, from 0 (not at all) to 1 (as to the strongest point of the "
        "picture). More keeps only striking parts, fewer and surer pairs; less lets plain areas take part too. By "
        "itself: 0.2, and 0.05 of the squared activation, which is about as much, for “official”.",
        label="Activation threshold",
        minimum=0.0,
        maximum=1.0,
        step=0.01,
    )
    finest_level: int = knob(
        1,
        "Where to stop refining: 1 goes down to single pixels, 5 stops at the coarse parts that are found first. "
        "Higher is quicker and less precise. The preset “fast” never goes below 2.",
        label="Finest level",
        minimum=1,
        maximum=5,
        step=1,
    )
    relaxed: bool = knob(
        False,
        "Accept two points that choose not exactly each other but direct neighbours of each other. Finds more pairs on "
        "difficult pictures, some of them less exact.",
        label="Relaxed buddies",
    )
    consistency: float = knob(
        0.5,
        "How much the pairs must agree on one rough movement from A to B, or to its mirror image, and at the coarsest "
        "level with their neighbours: 0 keeps every pair, as the article does; more drops those that point elsewhere "
        "than most. Above 0, finer pairs also stay near the coarser one they come from, and where nothing finer is "
        "found the coarse pair itself stays. Lower it if the pictures show several things that moved apart. Has no "
        "effect on the preset “official”.",
        label="Consistency",
        minimum=0.0,
        maximum=1.0,
        step=0.05,
    )
    turned: bool = knob(
        True,
        "Also try picture B turned by 90, 180 and 270 degrees and mirrored, and match it that way where it clearly fits"
        " better. Pairs lie in B as it is. Has no effect on the preset “official”.",
        label="Turned pictures",
    )
    border: int = knob(
        7,
        "Points nearer to the edge of a picture than this are dropped, for a network sees only half of what is around "
        "them. Measured at the working size.",
        label="Border",
        unit="px",
        minimum=0,
        maximum=128,
        step=1,
        advanced=True,
    )
    subcell: bool = knob(
        True,
        "Place each point between the cells of the network, where the similarity peaks, instead of at the centre of a "
        "cell. Has no effect on the preset “official”.",
        label="Between cells",
        advanced=True,
    )
    per_level_limit: int = knob(
        0,
        "Keep only this many pairs at every level, the strongest of each group. Less is quicker and keeps to the main "
        "parts; too few loses parts that turn out well later.",
        label="Pairs per level",
        minimum=0,
        maximum=2000,
        soft_maximum=100,
        step=1,
        advanced=True,
        special="all",
    )
    seed: int = knob(
        0,
        "Where the grouping starts from. Another number gives another, equally good choice among the same pairs.",
        label="Seed",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        advanced=True,
    )

    @property
    def has_prior(self) -> bool:
        """Whether pairs must agree with each other and with those they come from, which `official` does not know."""
        return self.consistency > 0 and self.preset != "official"

    @property
    def tries_turns(self) -> bool:
        """Whether B is tried turned and mirrored, which `official` does not know."""
        return self.turned and self.preset != "official"

    @property
    def threshold(self) -> float:
        """The activation threshold of this match: the chosen one, or what suits the preset.

        The article compares the activation with 0.05, the authors' program its square with the same number, which
        is about 0.2 of the activation itself. On photographs of animals that keeps mistakes out and costs no
        accuracy of what is carried along (share of right pairs with SqueezeNet: 0.35 at 0.05, 0.40 at 0.2, 0.47
        at 0.3, where few pairs are left), so `paper` takes it too.
        """
        if self.activation_threshold is not None:
            return self.activation_threshold
        return 0.05 if self.preset == "official" else 0.2
