"""The commands `exemplars` and `embed` of the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from studio.backbones.choice import NetworkChoice
from studio.cli_pictures import reading_picture
from studio.codecs.encoding import KINDS
from studio.featurevis.embedding_options import EmbeddingOptions
from studio.files import check_target, replacing
from studio.flags import NetworkFlags, flags_of
from studio.progress import Job, part
from studio.terminal import drain, result, say

if TYPE_CHECKING:
    from studio.arrays import Pixels
    from studio.featurevis.embedding import Embedding

    EmbeddingFlags = EmbeddingOptions
else:
    EmbeddingFlags = flags_of(EmbeddingOptions)

MODELS = (EmbeddingOptions,)
"""Whose flags the commands take."""
SHOWN = 16
"""Channels on a sheet unless they are named."""

Count = Annotated[int, Parameter(help="Exemplars of each channel.")]


def register(app: App) -> None:
    """Give `app` the commands."""
    app.command(exemplars)
    app.command(embed)


def exemplars(
    folder: Path,
    /,
    *,
    out: Path = Path("exemplars.png"),
    layer: str = "",
    channels: list[int] | None = None,
    count: Count = 9,
    size: int = 224,
    network: NetworkFlags = NetworkFlags(),  # noqa: B008 (frozen)
) -> int:
    """Find, in a folder of pictures, the places that excite each channel of a layer most.

    What is found is kept in the cache: given again, the command goes on where it was interrupted, and looks at new
    pictures only.

    Parameters
    ----------
    folder
        Folder of pictures.
    out
        Sheet to write, .png, .jpg, .webp or .tif; or .json with the places of all channels.
    layer
        Layer whose channels are looked for; by default the coarsest level.
    channels
        Channels on the sheet; by default those that stand out most.
    size
        Longer side at which the network looks at each picture, px.
    """
    check_target(out, (*KINDS, ".json"))
    job = _exemplars(folder, layer, channels or [], count, size, network.choice(), out.suffix.lower() == ".json")
    made = drain(job, "exemplars")
    if isinstance(made, str):
        with replacing(out) as temporary:
            temporary.write_text(made, encoding="utf-8")
    else:
        from studio.picture import save

        save(made, out)
    result(str(out))
    return 0


def _exemplars(
    folder: Path, layer: str, channels: list[int], count: int, size: int, choice: NetworkChoice, as_text: bool
) -> Job[str | Pixels]:
    from studio.backbones import load_chosen
    from studio.featurevis import exemplar_sheet, pictures_in
    from studio.featurevis.exemplar_search import exemplars as looking

    paths = pictures_in(folder)
    backbone = yield from part(load_chosen(choice), 0.0, 0.05)
    name = layer or backbone.levels[-1].name
    found = yield from part(looking(paths, backbone, name, size), 0.05, 0.8)
    if as_text:
        rows: dict[str, list[dict[str, Any]]] = {
            str(channel): [
                {"picture": one.path.name, "value": one.value, "point": one.point, "box": one.box}
                for one in found.of(channel, count)
            ]
            for channel in channels or range(found.channels)
        }
        head = {"layer": name, "network": backbone.name, "size": size, "pictures": len(found.paths)}
        return json.dumps({**head, "channels": rows}, indent=1)
    return (yield from part(exemplar_sheet(found, channels or found.strongest_channels(SHOWN), count=count), 0.8, 1.0))


def embed(
    a: Path,
    b: Path,
    /,
    *,
    out: Path = Path("map.csv"),
    network: NetworkFlags = NetworkFlags(),  # noqa: B008 (frozen)
    options: Annotated[EmbeddingFlags, Parameter(name="*")] = EmbeddingFlags(),  # noqa: B008 (frozen)
) -> int:
    """Lay the cells of two pictures out on a map on which like ones lie together.

    Parameters
    ----------
    a
        First picture.
    b
        Second picture.
    out
        Table to write, .csv, with the place of each cell in its picture (x, y) and on the map (u, v); or a picture of
        the map, A in blue and B in orange.
    """
    check_target(out, (*KINDS, ".csv"))
    found = drain(_embed(a, b, EmbeddingOptions.from_dict(options.to_dict()), network.choice()), "embed")
    from studio.featurevis.embedding_files import drawn, write_table

    if out.suffix.lower() == ".csv":
        write_table(found, out)
    else:
        from studio.picture import save

        save(drawn(found), out)
    result(str(out))
    say(f"{len(found.places)} items, trustworthiness {found.trustworthiness:.2f}")
    return 0


def _embed(a: Path, b: Path, options: EmbeddingOptions, choice: NetworkChoice) -> Job[Embedding]:
    from studio.backbones import load_chosen
    from studio.featurevis.embedding import embed as laying_out

    picture_a = yield from part(reading_picture(a), 0.0, 0.05)
    picture_b = yield from part(reading_picture(b), 0.05, 0.1)
    backbone = yield from part(load_chosen(choice), 0.1, 0.2)
    return (yield from part(laying_out(picture_a, picture_b, backbone, options), 0.2, 1.0))
