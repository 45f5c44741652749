"""A morph through two pictures or more: A to B, B to C and so on, in one frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from studio.arrays import Pixels, Size
from studio.errors import StudioError
from studio.language import tr
from studio.morph.options import MorphOptions
from studio.morph.render import Plates, PreparedMorph, common_frame, plate_of, refining
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import Job, Progress, part


class MorphError(StudioError):
    """A morph that can't be made of what was given."""


class MorphSequence:
    """Prepared morphs between neighbours; moments run from 0 to the number of legs. Serves one thread at a time."""

    def __init__(self, legs: Sequence[PreparedMorph]) -> None:
        """
        Raises
        ------
        MorphError
            There is no leg, or their frames differ.
        """
        if not legs:
            raise MorphError(tr("A morph needs two pictures at least."))
        if any(leg.size != legs[0].size or leg.plates.has_alpha != legs[0].plates.has_alpha for leg in legs):
            raise MorphError(tr("All pictures of a morph must be brought into one frame first."))
        self.legs = tuple(legs)

    @property
    def size(self) -> Size:
        """(width, height) of the frames."""
        return self.legs[0].size

    @property
    def has_alpha(self) -> bool:
        """Whether frames have a fourth channel."""
        return self.legs[0].plates.has_alpha

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person, of all legs, each once."""
        return tuple(dict.fromkeys(note for leg in self.legs for note in leg.notes))

    def frame(self, moment: float, out: Pixels | None = None) -> Pixels:
        """(h, w, 3) or (h, w, 4) uint8: picture k at the moment k, in-betweens between."""
        leg = min(max(int(moment), 0), len(self.legs) - 1)
        return self.legs[leg].frame(min(max(moment - leg, 0.0), 1.0), out)


def preparing_sequence(
    pictures: Sequence[Picture],
    pairs: Sequence[PairSet],
    options: MorphOptions,
    longest_side: int = 0,
    device: str = "auto",
) -> Job[MorphSequence]:
    """Prepare a morph through `pictures`, with `pairs[k]` between picture k and the next.

    `options.frame` "a" is the size of the first picture, "b" of the last, "between" the mean of both.

    Raises
    ------
    MorphError
        Fewer than two pictures, or not one set of pairs for each two neighbours.
    """
    if len(pictures) < 2:
        raise MorphError(tr("A morph needs two pictures at least."))
    if len(pairs) != len(pictures) - 1:
        raise MorphError(
            tr(
                "{number} pictures need {total} sets of pairs, one for each two neighbours, not {given}.",
                number=len(pictures),
                total=len(pictures) - 1,
                given=len(pairs),
            )
        )
    yield Progress(0.0, tr("bringing the pictures into one frame"))
    frame, has_alpha = common_frame(pictures, options, longest_side)
    plates = [plate_of(picture, frame, has_alpha) for picture in pictures]
    legs = []
    for index, (first, second) in enumerate(pairwise(range(len(pictures)))):
        sizes = pictures[first].size, pictures[second].size
        leg = PreparedMorph(Plates(plates[first], plates[second], *sizes), pairs[index], options)
        start, stop = (number / len(pairs) for number in (index, index + 1))
        middle = start + 0.9 * (stop - start)
        leg = yield from part(refining(leg, device), start, middle)
        yield from part(leg.warming(), middle, stop)
        legs.append(leg)
    return MorphSequence(legs)
