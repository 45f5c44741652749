"""The command `train-style` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from studio.backbones.choice import NetworkChoice
from studio.cli_pictures import reading_picture
from studio.files import FileError, check_target
from studio.flags import NetworkFlags, flags_of
from studio.progress import Job, part
from studio.style.feedforward_options import TrainOptions
from studio.terminal import drain, result, say

if TYPE_CHECKING:
    from studio.style.feedforward import StyleNetwork

    TrainFlags = TrainOptions
else:
    TrainFlags = flags_of(TrainOptions)

MODELS = (TrainOptions,)
"""Whose flags the command takes."""


def register(app: App) -> None:
    """Give `app` the command."""
    app.command(train_style)


def train_style(
    pictures: Path,
    style: Path,
    /,
    *more: Path,
    out: Path = Path("style.safetensors"),
    checkpoint: Path | None = None,
    network: NetworkFlags = NetworkFlags(),  # noqa: B008 (frozen)
    options: Annotated[TrainFlags, Parameter(name="*")] = TrainFlags(),  # noqa: B008 (frozen)
) -> int:
    """Train a network that gives any picture a style in one go; use it with `stylize --network`.

    A training that was interrupted goes on from its checkpoint if the same command is given again.

    Parameters
    ----------
    pictures
        Folder of pictures to learn from, with its subfolders; the more and the more different, the better.
    style
        Picture whose style is learnt.
    more
        Further styles for the same network.
    out
        Network to write, .safetensors; with one style it has the layout of fast_neural_style.
    checkpoint
        File that keeps what is needed to go on; by default beside the network, and removed at the end.
    """
    check_target(out, (".safetensors",))
    if not pictures.is_dir():
        raise FileError(f"“{pictures}” is no folder; name one with pictures to learn from.")
    kept = checkpoint or out.with_suffix(".checkpoint")
    if kept.exists():
        say(f"going on from {kept}")
    wanted = TrainOptions.from_dict(options.to_dict())
    trained = drain(_training(pictures, [style, *more], wanted, kept, network.choice()), "train")
    from studio.style.feedforward import save_network

    save_network(trained, out)
    if checkpoint is None:
        kept.unlink(missing_ok=True)
    result(str(out))
    return 0


def _training(
    folder: Path, styles: list[Path], options: TrainOptions, checkpoint: Path, judge: NetworkChoice
) -> Job[StyleNetwork]:
    from studio.backbones import load_chosen
    from studio.style.feedforward_train import train_style as training

    pictures = []
    for index, path in enumerate(styles):
        start, stop = (0.01 * (index + k) / len(styles) for k in (0, 1))
        pictures.append((yield from part(reading_picture(path), start, stop)))
    network = yield from part(load_chosen(judge), 0.01, 0.03)
    return (yield from part(training(folder, pictures, network, options, checkpoint), 0.03, 1.0))
