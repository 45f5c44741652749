"""The sample pairs of the menu and the demo: photographs that come with scikit-image, and a drawn pair of our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from studio.errors import StudioError
from studio.language import tr, translatable
from studio.pairs import PairSet, read_pairs
from studio.paths import resources
from studio.picture import Picture

Loaded = tuple[Picture, Picture, PairSet | None]


@dataclass(frozen=True, slots=True)
class Sample:
    """Two pictures to try the program on.

    `title` is a menu entry, `description` a sentence for its tooltip; `make` gives picture A, picture B, and the
    true pairs where they are known.
    """

    key: str
    title: str
    description: str
    make: Callable[[], Loaded]


def load_sample(key: str) -> Loaded:
    """Make the pictures of the sample `key`, without any download.

    Raises
    ------
    StudioError
        There is no such sample; the sentence names those there are.
    """
    sample = SAMPLES.get(key)
    if sample is None:
        raise StudioError(tr("There is no sample “{key}”; there are {names}.", key=key, names=", ".join(SAMPLES)))
    return sample.make()


def _photograph(name: str) -> Any:
    """One of the photographs that lie inside scikit-image's wheel."""
    from skimage import data

    return getattr(data, name)()


def _face_and_cat() -> Loaded:
    # Cut so that eyes and mouth lie in both pictures at about the same places: networks, and so the pairs, depend on
    # the scale at which they see things. The face is then enlarged to the size of the cat's.
    face = Image.fromarray(_photograph("astronaut")).crop((155, 62, 277, 160))
    face = face.resize((3 * face.width, 3 * face.height), Image.Resampling.LANCZOS)
    cat = _photograph("chelsea")[:, 30:400]
    return Picture.from_array(np.asarray(face), tr("Astronaut")), Picture.from_array(cat, tr("Cat")), None


def _drawn_pair() -> Loaded:
    folder = resources() / "samples"
    day, night = (np.asarray(Image.open(folder / f"cat-by-{time}.webp")) for time in ("day", "night"))
    known = read_pairs(folder / "cat-pairs.csv")
    return Picture.from_array(day, tr("Cat by day")), Picture.from_array(night, tr("Cat by night")), known


def _two_views() -> Loaded:
    import cv2

    left, right, disparity = _photograph("stereo_motorcycle")
    measured = np.isfinite(disparity)
    corners = cv2.goodFeaturesToTrack(
        cv2.cvtColor(left, cv2.COLOR_RGB2GRAY), 24, 0.01, 50, mask=cv2.erode(measured.astype(np.uint8), np.ones((9, 9)))
    ).reshape(-1, 2)
    shifts = np.array([disparity[round(y), round(x)] for x, y in corners.tolist()])
    partners = np.stack([corners[:, 0] - shifts, corners[:, 1]], axis=1)
    seen = partners[:, 0] > 4
    pairs = PairSet.from_arrays(corners[seen], partners[seen], origin="placed")
    return Picture.from_array(left, tr("Motorcycle, left")), Picture.from_array(right, tr("Motorcycle, right")), pairs


SAMPLES: dict[str, Sample] = {
    sample.key: sample
    for sample in (
        Sample(
            "face-and-cat",
            translatable("Face and Cat"),
            translatable("An astronaut and a cat: two faces of different kinds."),
            _face_and_cat,
        ),
        Sample(
            "drawn-pair",
            translatable("Drawn Pair"),
            translatable("A paper cat by day and by night; its true pairs are known."),
            _drawn_pair,
        ),
        Sample(
            "two-views",
            translatable("Two Views"),
            translatable("A motorcycle from two places; its true pairs were measured."),
            _two_views,
        ),
    )
}
