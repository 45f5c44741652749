"""The commands `dream`, `maximize` and `adversary` of the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from studio.arrays import Side
from studio.backbones.choice import NetworkChoice
from studio.cli_pictures import reading_picture
from studio.codecs.encoding import KINDS
from studio.dream.goals import GoalError, PairGoal, Weighted, parse_goal
from studio.dream.options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from studio.files import beside, check_target
from studio.flags import ClassifierFlags, NetworkFlags, flags_of
from studio.pairs import PairSet, read_pairs_within
from studio.progress import Job, part
from studio.terminal import drain, result, say

if TYPE_CHECKING:
    from studio.dream.adversary import Adversary
    from studio.dream.guides import Guide
    from studio.dream.result import Dreamed
    from studio.picture import Picture

    DreamFlags = DreamOptions
    ZoomFlags = ZoomOptions
    MaximiseFlags = MaximiseOptions
    AdversaryFlags = AdversaryOptions
else:
    DreamFlags = flags_of(DreamOptions)
    ZoomFlags = flags_of(ZoomOptions)
    MaximiseFlags = flags_of(MaximiseOptions)
    AdversaryFlags = flags_of(AdversaryOptions)

MODELS = (DreamOptions, ZoomOptions, MaximiseOptions, AdversaryOptions)
"""Whose flags the commands take."""


def register(app: App) -> None:
    """Give `app` the commands."""
    app.command(dream)
    app.command(maximize)
    app.command(adversary)


def dream(
    picture: Path,
    /,
    *,
    out: Path = Path("dream.png"),
    zoom: Path | None = None,
    guide: Path | None = None,
    pairs: Path | None = None,
    mask: Path | None = None,
    network: NetworkFlags = NetworkFlags(),  # noqa: B008 (frozen)
    options: Annotated[DreamFlags, Parameter(name="*")] = DreamFlags(),  # noqa: B008 (frozen)
    film: Annotated[ZoomFlags, Parameter(name="*")] = ZoomFlags(),  # noqa: B008 (frozen)
) -> int:
    """Let a picture dream: what a layer of a network sees in it is made stronger.

    The recipe is kept inside the file written.

    Parameters
    ----------
    picture
        Picture to start from.
    out
        Picture to write: .png, .jpg, .webp or .tif.
    zoom
        Write a film that falls into its own dream instead of a picture: .mp4, .webp, .gif, .apng, or a folder.
    guide
        Second picture: each place dreams of what it is most like there.
    pairs
        Point file from the picture to the guide: each place dreams of its partner.
    mask
        Mask, white where the picture dreams; elsewhere nothing changes.
    """
    wanted = DreamOptions.from_dict(options.to_dict())
    if pairs is not None and guide is None:
        raise GoalError("--pairs needs the picture they lead to: name it with --guide.")
    if zoom is not None:
        if mask is not None:
            raise GoalError("--mask is for pictures; a film moves away from it.")
        result(str(drain(_film(picture, guide, pairs, wanted, film, zoom, network.choice()), "dream")))
        return 0
    check_target(out, tuple(KINDS))
    made = drain(_dream(picture, guide, pairs, mask, wanted, network.choice()), "dream")
    _write(made, out)
    return 0


def maximize(
    *goals: str,
    out: Path = Path("maximized.png"),
    layer: str = "",
    channel: list[int] | None = None,
    class_: Annotated[list[str] | None, Parameter(name="--class")] = None,
    avoid: list[str] | None = None,
    pair: tuple[Path, Path, str] | None = None,
    start: Path | None = None,
    network: ClassifierFlags = ClassifierFlags(backbone="buddynet"),  # noqa: B008 (frozen)
    options: Annotated[MaximiseFlags, Parameter(name="*")] = MaximiseFlags(),  # noqa: B008 (frozen)
) -> int:
    """Make a picture from nothing that excites a channel, a class, or what two points share.

    Several goals add up; a number before one weighs it. With --count above 1 a number is
    put behind the names of all pictures but the first.

    Parameters
    ----------
    goals
        “channel:17”, “cell:17@3,4”, “class:lion”, “0.5*channel:3”; more than one add up.
    out
        Picture to write: .png, .jpg, .webp or .tif.
    layer
        Layer that channels, cells and the pair belong to; by default the level before the coarsest.
    channel
        Channel to excite; the same as “channel:N”.
    class_
        Class to excite, by name or number; needs a network with classes; the same as “class:NAME”.
    avoid
        Goal to keep away from, as those above.
    pair
        Two pictures and a place in each, as “311,97:120,88”: what both places share.
    start
        Picture to start from; sets --start-from picture.
    """
    check_target(out, tuple(KINDS))
    wanted = MaximiseOptions.from_dict(options.to_dict())
    if start is not None:
        wanted = wanted.with_values(start="picture")
    texts = [*goals, *(f"channel:{number}" for number in channel or ()), *(f"class:{name}" for name in class_ or ())]
    texts += [f"-1*{text}" for text in avoid or ()]
    made = drain(_maximise(texts, layer, pair, start, wanted, network.choice()), "maximize")
    _write(made, out)
    say(f"{', '.join(f'{value:.3g}' for value in made.values)} after {made.before:.3g}")
    return 0


def adversary(
    picture: Path,
    b: Path | None = None,
    /,
    *,
    out: Path = Path("adversary.png"),
    change: Path | None = None,
    to: str | None = None,
    break_pair: str | None = None,
    layer: str = "",
    network: ClassifierFlags = ClassifierFlags(),  # noqa: B008 (frozen)
    options: Annotated[AdversaryFlags, Parameter(name="*")] = AdversaryFlags(),  # noqa: B008 (frozen)
) -> int:
    """Change a picture as little as can be so that a network sees something else in it.

    The file has 8 bits a channel, at the size at which the network looked; whether the change survives that is told.

    Parameters
    ----------
    picture
        Picture to change.
    b
        Second picture, for --break-pair.
    out
        Picture to write: .png or .tif, which lose nothing.
    change
        Picture to write of the change, magnified.
    to
        Class that it is to become, by name or number; any other one by default.
    break_pair
        Places in both pictures, as “311,97:120,88”, that are no longer to be each other's best match.
    layer
        Layer that the pair is compared in; by default the level before the coarsest.
    """
    check_target(out, (".png", ".tif", ".tiff"))
    if change is not None:
        check_target(change, tuple(KINDS))
    if (b is None) != (break_pair is None):
        raise GoalError("--break-pair needs two pictures, and two pictures need --break-pair.")
    wanted = AdversaryOptions.from_dict(options.to_dict())
    made = drain(_adversary(picture, b, break_pair, to, layer, wanted, network.choice()), "adversary")
    from studio.picture import save

    save(made.picture.full(), out, text={"Recipe": json.dumps(made.recipe)}, depth=8)
    result(str(out))
    if change is not None:
        save(made.change, change, depth=8)
        result(str(change))
    say(made.sentence())
    return 0 if made.fooled else 1


def _adversary(
    picture: Path,
    b: Path | None,
    places: str | None,
    to: str | None,
    layer: str,
    options: AdversaryOptions,
    network: NetworkChoice,
) -> Job[Adversary]:
    from studio.dream.run import breaking, fooling

    opened = yield from part(reading_picture(picture), 0.0, 0.03)
    if b is None or places is None:
        return (yield from part(fooling(opened, options, to=to, network=network), 0.03, 1.0))
    other = yield from part(reading_picture(b), 0.03, 0.05)
    goal = parse_goal(f"pair:{places}", layer).goal
    assert isinstance(goal, PairGoal)
    job = breaking(opened, other, goal.a, goal.b, options, layer=layer, network=network)
    return (yield from part(job, 0.05, 1.0))


def _write(made: Dreamed, out: Path) -> None:
    from studio.picture import save

    for number, picture in enumerate(made.pictures, 1):
        path = out if number == 1 else beside(out, f"-{number}")
        save(picture.full(), path, text={"Recipe": json.dumps(made.recipe)}, depth=8)
        result(str(path))


def _guide(guide: Path | None, pairs: Path | None, picture: Picture) -> Job[Guide]:
    from studio.dream.guides import PairsGuide, PictureGuide, no_guide

    if guide is None:
        return no_guide
    other = yield from reading_picture(guide)
    if pairs is None:
        return PictureGuide(other)
    known: PairSet = read_pairs_within(pairs, picture.size, other.size)
    return PairsGuide(picture, other, known)


def _dream(
    picture: Path,
    guide: Path | None,
    pairs: Path | None,
    mask: Path | None,
    options: DreamOptions,
    network: NetworkChoice,
) -> Job[Dreamed]:
    from studio.dream.masks import mask_of
    from studio.dream.run import dreaming

    opened = yield from part(reading_picture(picture), 0.0, 0.03)
    drawn_to = yield from part(_guide(guide, pairs, opened), 0.03, 0.05)
    where = None if mask is None else mask_of((yield from reading_picture(mask)), opened.size)
    job = dreaming(opened, options, network=network, guide=drawn_to, mask=where)
    return (yield from part(job, 0.05, 1.0))


def _film(
    picture: Path,
    guide: Path | None,
    pairs: Path | None,
    options: DreamOptions,
    film: ZoomOptions,
    path: Path,
    network: NetworkChoice,
) -> Job[Path]:
    from studio.dream_film import zoom_film

    opened = yield from part(reading_picture(picture), 0.0, 0.03)
    drawn_to = yield from part(_guide(guide, pairs, opened), 0.03, 0.05)
    job = zoom_film(opened, options, ZoomOptions.from_dict(film.to_dict()), path, network=network, guide=drawn_to)
    return (yield from part(job, 0.05, 1.0))


def _maximise(
    texts: list[str],
    layer: str,
    pair: tuple[Path, Path, str] | None,
    start: Path | None,
    options: MaximiseOptions,
    network: NetworkChoice,
) -> Job[Dreamed]:
    from studio.dream.run import maximising

    goals: list[Weighted] = [parse_goal(text, layer) for text in texts]
    pictures: dict[Side, Picture] = {}
    if pair is not None:
        goals.append(parse_goal(f"pair:{pair[2]}", layer))
        pictures["A"] = yield from part(reading_picture(pair[0]), 0.0, 0.02)
        pictures["B"] = yield from part(reading_picture(pair[1]), 0.02, 0.04)
    begun = (yield from part(reading_picture(start), 0.04, 0.05)) if start is not None else None
    job = maximising(goals, options, network=network, pictures=pictures, start=begun)
    return (yield from part(job, 0.05, 1.0))
