"""Photographs with named points, read from the forms in which they are published."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pictures import SUFFIXES

Reals = NDArray[np.float64]

FACE = {
    **{f"contour_{'right' if k < 8 else 'left'}_{min(k, 16 - k)}": k for k in (0, 4, 12, 16)},
    "chin": 8,
    "brow_right_outer": 17,
    "brow_right_inner": 21,
    "brow_left_inner": 22,
    "brow_left_outer": 26,
    "nose_bridge": 27,
    "nose": 30,
    "nose_base": 33,
    "eye_right_outer": 36,
    "eye_right_inner": 39,
    "eye_left_inner": 42,
    "eye_left_outer": 45,
    "mouth_end_right": 48,
    "lip_top": 51,
    "mouth_end_left": 54,
    "lip_bottom": 57,
}
"""Names of those of the usual 68 points of a face that are used. Those that animals have too have the names of theirs;
left and right are the face's own."""
FACE_MEANS = {"right_eye": slice(36, 42), "left_eye": slice(42, 48)}
FACE_POINTS = 68
FOREHEAD = 0.25
"""How far above the brows a face's box reaches, in units of its height."""

SIZES = ((640, 427), (427, 640), (640, 480), (480, 640), (1024, 683), (683, 1024), (1024, 768), (768, 1024))
"""Of the photographs that AwA-Pose's points are in, where that of a photograph is unknown: the smallest that holds
all points."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A thing in a photograph, and where its points are.

    Attributes
    ----------
    file : Path
    kind : str
    size : (2,)
        Width and height of the photograph that points and box are in; the file may be squashed.
    points : dict
        Name to (x, y).
    box : (4,)
        x0, y0, x1, y1.
    """

    file: Path
    kind: str
    size: Reals
    points: dict[str, tuple[float, float]]
    box: Reals


def pictures_of(folder: Path) -> dict[str, Path]:
    """The pictures below a folder by their names without suffixes."""
    return {file.stem: file for file in sorted(folder.rglob("*")) if file.suffix.lower() in SUFFIXES}


def read_json(file: Path, photographs: Path) -> list[Subject]:
    """From {name of the picture: {size [w, h], animals [{keypoints {name: [x, y]}, box}]}}; "fox_10001" is a fox."""
    files = pictures_of(photographs)
    rows = json.loads(file.read_text(encoding="utf-8"))
    found = []
    for name, row in rows.items():
        for one in row["animals"] if name in files else ():
            points = {key: (float(x), float(y)) for key, (x, y) in one["keypoints"].items()}
            box = _box(points) if one.get("box") is None else np.array(one["box"], float)
            found.append(Subject(files[name], _kind(name), np.array(row["size"], float), points, box))
    return found


def read_pickles(folder: Path, photographs: Path) -> list[Subject]:
    """AwA-Pose: {animal: {name: [x, y], "bbox": [x0, y0, x1, y1]}} in a pickle for each picture; -1 is no point."""
    files = pictures_of(photographs)
    return [one for file in sorted(folder.rglob("*.pickle")) if file.stem in files for one in _animals(file, files)]


def _animals(file: Path, files: dict[str, Path]) -> Iterator[Subject]:
    with file.open("rb") as opened:
        animals = ArraysOnly(opened).load()
    found = []
    for row in animals.values():
        places = {str(name): [float(one) for one in np.ravel(place)] for name, place in row.items()}
        box = places.pop("bbox", [])
        points = {name: (place[0], place[1]) for name, place in places.items() if len(place) == 2 and min(place) >= 0}
        if points:
            found.append((points, np.array(box) if len(box) == 4 and min(box) >= 0 else _box(points)))
    if not found:
        return
    most = np.max([np.max([*points.values(), tuple(box[2:])], axis=0) for points, box in found], axis=0)
    image = cv2.imread(str(files[file.stem]), cv2.IMREAD_COLOR)
    known = [np.array(size, float) for size in SIZES]
    fitting = [size for size in known if (most <= size + 1).all()] or [np.array(image.shape[1::-1], float)]
    for points, box in found:
        yield Subject(files[file.stem], _kind(file.stem), fitting[0], points, box)


class ArraysOnly(pickle.Unpickler):
    """Opens pickles that hold plain values and arrays of numbers; anything that could run a program is refused."""

    ALLOWED = frozenset(
        (f"numpy{core}", name)
        for core in ("", ".core.multiarray", "._core.multiarray")
        for name in ("ndarray", "dtype", "_reconstruct", "scalar")
    ) | {("_codecs", "encode")}

    def find_class(self, module: str, name: str) -> Any:
        """What the pickle asks for by name."""
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no array of numbers")
        return super().find_class(module, name)


def read_faces(folder: Path) -> list[Subject]:
    """Faces from `NAME.pts`, 68 lines "x y" from (1, 1) on, perhaps in braces, beside the pictures."""
    return [one for file in sorted(folder.rglob("*.pts")) if (one := _face(file)) is not None]


def _face(file: Path) -> Subject | None:
    picture = next((p for s in SUFFIXES if (p := file.with_suffix(s)).exists()), None)
    image = None if picture is None else cv2.imread(str(picture), cv2.IMREAD_COLOR)
    text = file.read_text(encoding="utf-8", errors="replace")
    numbers = text.partition("{")[2].partition("}")[0] if "{" in text else text
    try:
        places = np.array(numbers.split(), float).reshape(-1, 2) - 1
    except ValueError:
        return None
    if picture is None or image is None or len(places) != FACE_POINTS:
        return None
    points = {name: (float(places[k, 0]), float(places[k, 1])) for name, k in FACE.items()}
    for name, some in FACE_MEANS.items():
        x, y = places[some].mean(axis=0)
        points[name] = (float(x), float(y))
    low, high = places.min(axis=0), places.max(axis=0)
    low[1] -= FOREHEAD * (high[1] - low[1])
    return Subject(picture, "face", np.array(image.shape[1::-1], float), points, np.concatenate([low, high]))


def exchanged(name: str) -> str:
    """What a point is called in a mirrored picture."""
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


def _box(points: dict[str, tuple[float, float]]) -> Reals:
    places = np.array([*points.values()])
    return np.concatenate([places.min(axis=0), places.max(axis=0)])


def _kind(name: str) -> str:
    return name.rpartition("_")[0] or name
