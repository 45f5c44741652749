"""What the mode Dream has of the window's pictures and pairs, and why something can't be made now."""

from __future__ import annotations

from collections.abc import Mapping

from studio.arrays import Point, Side
from studio.document import Mask, Regions
from studio.dream.goals import ClassGoal, Goal
from studio.dream.options import YOSINSKI, DreamOptions, MaximiseOptions
from studio.gui.canvas.state import REGIONS, StudioState, other
from studio.gui.dream.asking import FactsAsker
from studio.gui.dream.choice import DREAMT, DreamChoice
from studio.gui.dream.target_knobs import NO_CLASSES, NO_PAIR
from studio.gui.dream.targets import Targets
from studio.gui.dream.tasks import sides_of
from studio.gui.widgets.forms import OptionsForm
from studio.gui.widgets.usable import set_usable
from studio.job_kinds import JobKind
from studio.language import tr, translatable
from studio.options import OptionsError
from studio.pairs import PairSet, PointPair

PER_FRAME = translatable("A film has steps of its own, those of a frame.")
PIXELS_ONLY = translatable("It does something only where pixels are changed.")
ONE_PICTURE = translatable("It does something only where several pictures are made.")
BALL = ("method", "eps", "norm", "seed")
"""Knobs of an attack inside a ball."""
ANY_SIZE = translatable("A pair is broken by the smallest change there is, whatever its size.")


class Reasons:
    """One sentence a thing that is not there, in the order in which a person would see to them."""

    def __init__(
        self,
        state: StudioState,
        choice: DreamChoice,
        targets: Targets,
        forms: Mapping[str, OptionsForm],
        asker: FactsAsker,
    ) -> None:
        self._state, self._choice, self._targets, self._forms, self._asker = state, choice, targets, forms, asker

    # --- what there is ---

    @property
    def pair(self) -> PointPair | None:
        """The pair that is selected."""
        return self._state.shown_pairs.by_id(self._state.selected)

    @property
    def places(self) -> tuple[Point, Point] | None:
        """Its points, that of the picture that is made of first."""
        pair = self.pair
        if pair is None:
            return None
        return (pair.a, pair.b) if self._choice.side == "A" else (pair.b, pair.a)

    @property
    def pairs(self) -> PairSet:
        """From the picture that is made of to the other one."""
        pairs = self._state.pairs.enabled()
        return pairs if self._choice.side == "A" else pairs.swapped()

    @property
    def masks(self) -> tuple[Mask, ...]:
        """What is painted on the picture that is made of."""
        regions: Regions = self._state.part(REGIONS) or ()
        found = (one.a if self._choice.side == "A" else one.b for one in regions)
        return tuple(mask for mask in found if mask is not None)

    # --- what there is not ---

    def tell(self) -> None:
        """Grey what can't be chosen, and say why there."""
        side = self._choice.side
        partner = self._open(other(side))
        pair = "" if self.pair is not None else tr(NO_PAIR)
        self._choice.set_reasons(partner, partner or self._no_pairs(), self._no_paint(), pair)
        unit = self._forms["dream/maximise"].editors
        unit["parameters"].refuse("decoder", self._no_decoder())
        unit["start"].refuse("picture", self._open(side))
        self._choice.show_side(self._choice.kind is not JobKind.MAXIMISE or unit["start"].value() == "picture")

    def grey_idle_knobs(self) -> None:
        """Knobs that change nothing now: those of pixels where none are changed, those of a ball for a pair ..."""
        unit, zooms = self._forms["dream/maximise"].editors, self._choice.kind is JobKind.ZOOM
        pixels, one = unit["parameters"].value() == "pixels", unit["count"].value() == 1
        idle = {
            "dream": dict.fromkeys(("steps",) if zooms else (), tr(PER_FRAME)),
            "dream/maximise": {
                **dict.fromkeys(() if pixels else YOSINSKI[0], tr(PIXELS_ONLY)),
                **dict.fromkeys(("diversity",) if one else (), tr(ONE_PICTURE)),
            },
            "dream/adversary": dict.fromkeys(BALL if self._choice.breaks_pair else (), tr(ANY_SIZE)),
        }
        for form, reasons in idle.items():
            for name, editor in self._forms[form].editors.items():
                set_usable(editor, name not in reasons, reasons.get(name, ""))

    def missing(self) -> str:
        """What is to be seen to first, in a sentence; nothing if all is there."""
        kind = self._choice.kind
        if kind is JobKind.MAXIMISE:
            return self._missing_unit()
        own = self._open(self._choice.side)
        if own:
            return own
        return self._missing_dream() if kind in DREAMT else self._missing_adversary()

    def _open(self, side: str) -> str:
        return "" if self._state.picture("A" if side == "A" else "B") else tr("Open picture {side} first.", side=side)

    def _missing_unit(self) -> str:
        targets = self._targets.targets
        if not targets:
            return tr("Click a place in A or B, or choose a channel, to say what the picture is for.")
        missing = [self._open(side) for side in sides_of(targets)]
        missing += [self._unknown(one.goal) for one in targets]
        missing += [self._outside(side, at) for side, places in self._targets.places().items() for at, _ in places]
        options = self._options("dream/maximise")
        if isinstance(options, MaximiseOptions):
            if options.start == "picture":
                missing.append(self._open(self._choice.side))
            if options.parameters == "decoder":
                missing.append(self._no_decoder())
        return next((words for words in missing if words), "")

    def _missing_dream(self) -> str:
        choice = self._choice.value()
        if choice.guide != "none":
            missing = self._open(other(choice.side)) or (self._no_pairs() if choice.guide == "pairs" else "")
            if missing:
                return missing
        if self._choice.kind is JobKind.DREAM and choice.where == "regions" and not self.masks:
            return self._no_paint()
        options = self._options("dream")
        return self._no_layer(options.layer) if isinstance(options, DreamOptions) else ""

    def _missing_adversary(self) -> str:
        if not self._choice.breaks_pair:
            return "" if self._asker.facts.classes else f"{tr(NO_CLASSES)}."
        partner = self._open(other(self._choice.side))
        if partner or self.pair is None:
            return partner or f"{tr(NO_PAIR)}."
        return self._no_layer(self._choice.layer_choice.layer)

    def _no_pairs(self) -> str:
        return "" if len(self.pairs) else tr("There are no pairs to follow: match the pictures, or set some points.")

    def _no_paint(self) -> str:
        if self.masks:
            return ""
        return tr("Nothing is painted on {side}: add a region in the mode Style.", side=self._choice.side)

    def _no_decoder(self) -> str:
        if self._asker.facts.has_decoder:
            return ""
        return tr("This network has no decoder; change the frequencies, or choose BuddyNet.")

    def _unknown(self, goal: Goal) -> str:
        if isinstance(goal, ClassGoal):
            return "" if self._asker.facts.classes else f"{tr(NO_CLASSES)}."
        return self._no_layer(goal.layer)

    def _outside(self, side: Side, at: Point) -> str:
        """A target may be of a picture that was there before."""
        picture = self._state.picture(side)
        if picture is None or all(
            -0.5 <= place <= length - 0.5 for place, length in zip(at, picture.size, strict=True)
        ):
            return ""
        return tr("The place {x:.0f}, {y:.0f} lies outside of {name}.", x=at[0], y=at[1], name=picture.name)

    def _no_layer(self, layer: str) -> str:
        facts = self._asker.facts
        if not facts.is_whole or facts.layer(layer) is not None:
            return ""
        return tr("{network} has no layer “{layer}”; choose another one.", network=facts.title, layer=layer)

    def _options(self, name: str) -> object:
        try:
            return self._forms[name].value()
        except OptionsError as error:
            return error
