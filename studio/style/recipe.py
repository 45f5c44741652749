"""The recipe of a result: what was done with which pictures, inside the saved file, so that it can be done again."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from studio import __version__
from studio.backbones.choice import NetworkChoice
from studio.codecs.recipes import recipe_text
from studio.codecs.source import reading
from studio.job_kinds import JobKind
from studio.language import tr
from studio.options import Options
from studio.pairs import PairSet
from studio.picture import Picture, save
from studio.style.model import Region, StyleError, StyleSource
from studio.style.options import InstantOptions, StyleOptions
from studio.style.result import StyleResult
from studio.style.task import OPTIONS, AnyOptions, StyleTask

if TYPE_CHECKING:
    from studio.backbones import Backbone

KEY = "buddies-studio"
"""Under which a recipe stands in a file's text."""
FORMAT = 1
MASK_SIDE, SMALL_MASK_SIDES = 1024, (512, 256, 128, 64)
"""Longer side of the masks of painted regions in a recipe: as they are painted in the window, so that a run can be
repeated exactly, and those to be tried where a file has no room for that."""
JPEG_ROOM = 60_000
"""Bytes that a JPEG has for a recipe."""


@dataclass(frozen=True)
class Recipe:
    """What a recipe says of a run, read: a `StyleTask` but for its pictures, of which it knows the names.

    Attributes
    ----------
    network : str
        Its name in the catalogue.
    pictures : tuple of (str, (int, int))
        Name and size, px, of the content, or of the example of a texture, and then of the styles.
    weights : tuple of float
        How much each style counts, as far as the recipe can be read; perhaps not as many as there are styles.
    """

    kind: JobKind
    options: AnyOptions
    network: str
    pictures: tuple[tuple[str, tuple[int, ...]], ...]
    weights: tuple[float, ...]
    _values: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Recipe:
        """Read what `read_recipe` gives. Raises `KeyError` for what that refuses, and `OptionsError`."""
        kind = kind_in(values)
        if kind is None:
            raise KeyError(values["what"])
        try:
            weights = tuple(float(weight) for weight in values.get("weights", ()))
        except (TypeError, ValueError):
            weights = ()
        pictures = tuple((str(row["name"]), tuple(row["size"])) for row in values["pictures"])
        options = OPTIONS[kind].from_dict(values["options"])
        return cls(kind, options, str(values["backbone"]), pictures, weights, values)

    @property
    def pairs(self) -> PairSet:
        """Raises `PairsError` if they can't be read."""
        return pairs_in(self._values)

    @property
    def regions(self) -> list[Region]:
        """The painted ones. Raises `StyleError` if they can't be read."""
        return regions_in(self._values)

    def task(self, pictures: Sequence[Picture], network: NetworkChoice) -> StyleTask:
        """The task again, with its pictures in their order; of `network` the name is the recipe's.

        Raises
        ------
        StyleError
            There are more or fewer pictures than it takes, or its pairs or regions can't be read.
        """
        task = StyleTask(self.options, pictures[0], network=replace(network, name=self.network))
        if self.kind is JobKind.TEXTURE:
            return replace(task, content=None, styles=(StyleSource(pictures[0]),))
        if self.kind is JobKind.INVERSION:
            return task
        shares = self.weights or (1.0,) * (len(pictures) - 1)
        if len(shares) != len(pictures) - 1:
            raise StyleError(
                tr(
                    "The recipe takes {number} style pictures, not {total}.",
                    number=len(shares),
                    total=len(pictures) - 1,
                )
            )
        styles = tuple(StyleSource(picture, share) for picture, share in zip(pictures[1:], shares, strict=True))
        return replace(task, styles=styles, pairs=self.pairs, regions=tuple(self.regions))


def kind_in(values: Mapping[str, Any]) -> JobKind | None:
    """Which style job a recipe is of; None if there is no such job."""
    kind = JobKind.of_recipe(values["what"])
    return kind if kind in OPTIONS else None


def describe(what: str, pictures: Sequence[Picture], backbone: Backbone, options: Options) -> dict[str, Any]:
    """What any recipe says; pictures by their names, without folders, which are nobody else's business."""
    return {
        "program": KEY,
        "version": __version__,
        "format": FORMAT,
        "what": what,
        "pictures": [{"name": Path(picture.name).name, "size": list(picture.size)} for picture in pictures],
        "backbone": backbone.name,
        "options": options.to_dict(),
    }


def describe_stylize(
    content: Picture,
    styles: Sequence[StyleSource],
    backbone: Backbone,
    options: StyleOptions | InstantOptions,
    pairs: PairSet,
    regions: Sequence[Region],
    live: Mapping[str, Any],
) -> dict[str, Any]:
    """The recipe of a stylisation; weights changed on the way count as they were in the end."""
    changed = {name: value for name, value in live.items() if name != "styles"}
    what = JobKind.INSTANT if isinstance(options, InstantOptions) else JobKind.STYLE
    pictures = [content, *(source.picture for source in styles)]
    recipe = describe(what.recipe, pictures, backbone, options.with_values(**changed))
    recipe["weights"] = live.get("styles") or [source.weight for source in styles]
    if len(pairs):
        recipe["pairs"] = _rows(pairs)
    if regions:
        recipe["regions"] = [
            {
                "content": _packed(region.content),
                "style": None if region.style is None else _packed(region.style),
                "source": region.source,
                "name": region.name,
            }
            for region in regions
        ]
    return recipe


def save_result(result: StyleResult, path: Path | str, depth: int | None = None, quality: int = 95) -> None:
    """Write a result with its recipe, and with the profile and EXIF of its content.

    Parameters
    ----------
    depth : 8 or 16, optional
        Bits per channel, in PNG and TIFF; by default those of the content.

    Raises
    ------
    PictureError, FileError
        See `studio.picture.save`.
    """
    if depth is None:
        depth = 16 if result.content is not None and result.content.depth == 16 else 8
    text = {KEY: _written(result.recipe)}
    if Path(path).suffix.lower() in (".jpg", ".jpeg"):
        for side in SMALL_MASK_SIDES:
            if len(json.dumps(text)) <= JPEG_ROOM:
                break
            text = {KEY: _written(_with_small_masks(result.recipe, side))}
    save(result.picture.full(), path, like=result.content, text=text, depth=depth, quality=quality)


def read_recipe(path: Path | str) -> dict[str, Any]:
    """The recipe inside a saved result.

    Raises
    ------
    StyleError
        There is none, or it is not one of this program or version.
    PictureError
        The file can't be read.
    """
    path = Path(path)
    none = tr("“{name}” has no recipe inside; only results saved by this program do.", name=path.name)
    with reading(path.name), path.open("rb") as file:
        text = recipe_text(file).get(KEY)
    if text is None:
        raise StyleError(none)
    try:
        recipe = json.loads(text)
        kind = kind_in(recipe)
        if recipe["program"] != KEY or kind is None:
            raise KeyError
        if int(recipe["format"]) > FORMAT:
            raise StyleError(tr("The recipe in “{name}” is of a newer version of this program.", name=path.name))
        OPTIONS[kind].from_dict(recipe["options"])
        [(row["name"], row["size"]) for row in recipe["pictures"]]
    except (ValueError, KeyError, TypeError) as error:
        raise StyleError(tr("The recipe in “{name}” is damaged.", name=path.name)) from error
    return dict(recipe)


def pairs_in(recipe: Mapping[str, Any]) -> PairSet:
    """The pairs of a recipe. Raises `PairsError`."""
    rows = [{"id": row[0], "a": row[1:3], "b": row[3:5], "confidence": row[5]} for row in recipe.get("pairs", ())]
    return PairSet.from_dicts(rows, tr("the recipe"))


def as_in_recipe(pairs: PairSet) -> PairSet:
    """The pairs as a recipe of them gives them back: whoever runs with these can repeat the run exactly."""
    return pairs_in({"pairs": _rows(pairs)})


def _rows(pairs: PairSet) -> list[list[Any]]:
    """Hundredths of a pixel and thousandths of a confidence are enough for a style."""
    return [[pair.id, *(round(value, 2) for value in (*pair.a, *pair.b)), round(pair.confidence, 3)] for pair in pairs]


def regions_in(recipe: Mapping[str, Any]) -> list[Region]:
    """The painted regions of a recipe. Raises `StyleError`."""
    try:
        return [
            Region(
                _unpacked(row["content"]),
                None if row["style"] is None else _unpacked(row["style"]),
                int(row["source"]),
                str(row["name"]),
            )
            for row in recipe.get("regions", ())
        ]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise StyleError(tr("The regions in the recipe are damaged.")) from error


def _written(recipe: Mapping[str, Any]) -> str:
    return json.dumps(recipe, ensure_ascii=True, separators=(",", ":"))


def _with_small_masks(recipe: Mapping[str, Any], side: int) -> dict[str, Any]:
    def smaller(text: str | None) -> str | None:
        return None if text is None else _packed(_unpacked(text), side)

    regions = [
        {**row, "content": smaller(row["content"]), "style": smaller(row["style"])} for row in recipe.get("regions", ())
    ]
    return {**recipe, **({"regions": regions} if regions else {})}


def _packed(mask: Any, side: int = MASK_SIDE) -> str:
    """A mask as a small PNG in base64."""
    values = np.asarray(mask)
    grey = values if values.dtype == np.uint8 else np.rint(np.clip(values.astype(np.float32), 0, 1) * 255).astype("u1")
    image = Image.fromarray(grey)
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _unpacked(text: str) -> Any:
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return np.asarray(image.convert("L"))
