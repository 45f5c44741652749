"""The command line: the same engines without a window. It draws and computes nothing itself."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import cyclopts
import pydantic
from cyclopts import App, Parameter

from studio import __version__, cli_feedforward, cli_inspect, cli_morph, cli_style, launch, leftovers, logs, paths
from studio.arrays import Points
from studio.backbones import CATALOG, NetworkChoice, fetch_weights, weights_status
from studio.buddies.options import MatchOptions
from studio.cli_pictures import reading_picture
from studio.codecs.encoding import KINDS
from studio.errors import StudioError
from studio.files import FileError, check_target
from studio.flags import NetworkFlags, explain_refusal, flags_of, is_backbone
from studio.pairs import (
    PAIR_SUFFIXES,
    PairsError,
    PairSet,
    check_points,
    format_csv,
    read_pairs_within,
    read_points,
    write_pairs,
)
from studio.progress import Cancelled, Job, Progress, part
from studio.signals import Ended, ending_as_interrupt
from studio.terminal import KEEP_BYTES, drain, result, say, table

if TYPE_CHECKING:
    from studio.picture import Picture

    MatchFlags = MatchOptions
else:
    MatchFlags = flags_of(MatchOptions)

log = logging.getLogger(__name__)

NAME = "buddies-studio"
OK, FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130
"""Exit codes: done; a failure, told in one sentence; arguments that make no sense; Ctrl+C. Ended by another signal,
it is 128 and the number of that."""

DEMO_FOLDER = Path("buddies-demo")
MODELS = (
    MatchOptions,
    *cli_morph.MODELS,
    *cli_style.MODELS,
    *cli_feedforward.MODELS,
    *cli_inspect.MODELS,
)
"""All options that flags are made of."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command with `arguments` (those of the process by default); returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=KEEP_BYTES)  # a terminal without “ or é must not end the program
    log_file = logs.set_up()
    for path in leftovers.remove_leftovers():
        log.info("removed what an ended program left half done: %s", path)
    with ending_as_interrupt() if threading.current_thread() is threading.main_thread() else contextlib.nullcontext():
        return _run(words, log_file)


def _run(words: list[str], log_file: Path | None) -> int:
    """One command, with every end that it can come to."""
    try:
        return app.meta(words, exit_on_error=False, print_error=False, result_action="return_value") or OK
    except cyclopts.CycloptsError as error:
        say(f"{NAME}: {_explain_usage(error)} See `{_help_command(error)}`.")
        return WRONG_USAGE
    except StudioError as error:
        log.info("failed: %s", error, exc_info=True)
        if "--verbose" in words:
            say(traceback.format_exc())
        say(f"{NAME}: {error}")
        return FAILED
    except (KeyboardInterrupt, Cancelled) as end:
        say(f"{NAME}: cancelled; nothing half done was left behind.")
        return 128 + end.number if isinstance(end, Ended) else CANCELLED
    except BrokenPipeError:
        # Whoever read our output has enough (`| head`); Python's flush at the end must not fail again.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        log.exception("unhandled error")
        if "--verbose" in words:
            say(traceback.format_exc())
        where = f"; the details are in {log_file}" if log_file else "; --verbose shows the details"
        say(f"{NAME}: this is a bug in the program ({type(error).__name__}: {_first_line(error)}){where}.")
        return FAILED


def _describe_version() -> str:
    """The program, and what it stands on here. Imports torch and Qt."""
    from studio.device import available_devices

    lines = [f"{NAME} {__version__}", f"Python {platform.python_version()} on {platform.platform()}"]
    lines += [f"{package} {importlib.metadata.version(package)}" for package in ("torch", "torchvision")]
    try:
        from PySide6 import QtCore
        from PySide6 import __version__ as pyside

        lines.append(f"Qt {QtCore.qVersion()} (PySide6 {pyside})")
    except ImportError as error:
        lines.append(f"Qt can't be loaded: {error}")
    lines += [f"device {device.name}: {device.label}" for device in available_devices()]
    return "\n".join(lines)


app = App(
    name=NAME,
    usage=f"Usage: {NAME} [A [B]]\n       {NAME} COMMAND [ARGS]",
    help="Finds which point of one picture corresponds to which point of another, and shows it. "
    "Without a command: opens the window, with the pictures A and B if they are given.",
    version=_describe_version,
    help_format="plaintext",
    default_parameter=Parameter(negative_iterable=()),
)
models = App(name="models", help="The networks: list them, download one, or tell where they are kept.")
app.command(models)
cli_morph.register(app)
cli_style.register(app)
cli_feedforward.register(app)
cli_inspect.register(app)
for _app in (app, app.meta, models):
    _app.suppress_keyboard_interrupt = False  # `main` has a word to say about it


@app.meta.default
def _launch(
    *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    verbose: Annotated[bool, Parameter(negative=(), help="Show where in the program an error arose.")] = False,
) -> int:
    del verbose  # `main` looks at it, for it also matters if the words can't be understood
    return int(app(words, exit_on_error=False, print_error=False, result_action="return_value") or OK)


@app.default
def window(a: Path | None = None, b: Path | None = None, /) -> int:
    """Open the window.

    Parameters
    ----------
    a
        First picture.
    b
        Second picture.
    """
    for path in (a, b):
        if path is not None and not path.is_file():
            raise FileError(f"“{path}” is neither a picture file nor a command ({', '.join(_command_names())}).")
    return launch.open_window(a, b)


@app.command
def match(
    a: Path,
    b: Path,
    /,
    *,
    out: list[Path] | None = None,
    overlay: Path | None = None,
    network: NetworkFlags = NetworkFlags(),  # noqa: B008 (frozen)
    fixed: Path | None = None,
    transfer: Annotated[Path | None, Parameter(name=("--transfer", "--carry"))] = None,
    transferred: Annotated[Path | None, Parameter(name=("--transferred", "--carried"))] = None,
    options: Annotated[MatchFlags, Parameter(name="*")] = MatchFlags(),  # noqa: B008 (frozen)
) -> int:
    """Find the best buddies of two pictures, and where points of your own lie.

    Without --out the pairs are printed: as a table on a terminal, as CSV in a pipe. With --transfer it is your points.

    Parameters
    ----------
    a
        First picture.
    b
        Second picture.
    out
        Point file to write, .csv, .json or .txt (the official program's two files); may be given several times.
    overlay
        Picture to write, of both pictures side by side with the pairs.
    fixed
        Point file with pairs that are known: all of them stay as they are, and the others are looked for with them.
    transfer
        .csv file with columns x and y: points of A. Where pairs and network together have them in B is told as pairs.
    transferred
        Point file to write for --transfer; without it those pairs are printed.
    """
    targets = out or []
    for path in targets:
        check_target(path, PAIR_SUFFIXES)
    if overlay:
        check_target(overlay, tuple(KINDS))
    if transferred:
        check_target(transferred, PAIR_SUFFIXES)
        if transfer is None:
            raise PairsError("--transferred says where to write the points of --transfer, and there is no --transfer.")
    points = read_points(transfer) if transfer else None
    start = time.monotonic()
    wanted = MatchOptions.from_dict(options.to_dict())
    found = drain(_matching(a, b, wanted, network.choice(), fixed, points), "match")
    seconds = time.monotonic() - start
    written = [path for target in targets for path in write_pairs(found.pairs, target)]
    if overlay:
        _write_overlay(found, overlay)
        written.append(overlay)
    if transferred and found.transferred is not None:
        written += write_pairs(found.transferred, transferred)
    for path in written:
        result(str(path))
    if found.transferred is not None and not transferred:
        _print_pairs(found.transferred)
    elif not targets and not transferred:
        _print_pairs(found.pairs)
    say(f"{len(found.pairs)} pairs in {seconds:.1f} s")
    return OK


class _Found(NamedTuple):
    """Two pictures and their pairs."""

    a: Picture
    b: Picture
    pairs: PairSet
    transferred: PairSet | None = None


def _matching(
    a: Path,
    b: Path,
    options: MatchOptions,
    network: NetworkChoice,
    fixed: Path | None,
    points: Points | None,
) -> Job[_Found]:
    picture_a = yield from part(reading_picture(a), 0.0, 0.03)
    picture_b = yield from part(reading_picture(b), 0.03, 0.06)
    if points is not None:
        check_points(points, picture_a.size)
    known = read_pairs_within(fixed, picture_a.size, picture_b.size) if fixed else PairSet()
    yield Progress(0.06, "starting")  # the import below takes seconds
    from studio.buddies import MatchMemory, find_buddies, transferred_pairs

    memory = MatchMemory() if points is not None else None
    search = find_buddies(picture_a, picture_b, options, network=network, fixed=known, memory=memory)
    pairs = yield from part(search, 0.06, 1.0)
    transferred = transferred_pairs(memory, points, pairs) if memory is not None and points is not None else None
    if transferred is not None and points is not None and len(transferred) < len(points):
        say(f"{len(points) - len(transferred)} of the points were left out: nothing is to be seen there")
    return _Found(picture_a, picture_b, pairs, transferred)


def _write_overlay(found: _Found, path: Path) -> None:
    from studio.overlay import draw_pairs
    from studio.picture import save

    save(draw_pairs(found.a, found.b, found.pairs), path)


def _print_pairs(pairs: PairSet) -> None:
    if not sys.stdout.isatty():
        result(format_csv(pairs).rstrip("\n"))
        return
    rows = [
        (
            str(pair.id),
            *(f"{x:.1f}, {y:.1f}" for x, y in (pair.a, pair.b)),
            f"{pair.rank:.3g}",
            f"{pair.confidence:.2f}",
        )
        for pair in pairs
    ]
    table(("number", "A", "B", "rank", "confidence"), rows)


@models.command(name="list")
def list_models() -> int:
    """List the networks, and whether their weights are here."""
    rows = [
        (entry.name, entry.title, str(len(entry.levels)), weights_status(entry.name).text, entry.description)
        for entry in CATALOG.values()
    ]
    table(("name", "title", "levels", "weights", "what it is"), rows)
    return OK


@models.command
def fetch(name: Annotated[str, Parameter(validator=is_backbone)], /) -> int:
    """Download the weights of a network, for use without a connection later.

    Parameters
    ----------
    name
        One of `models list`.
    """
    result(str(drain(fetch_weights(name), name)))
    return OK


@models.command
def where() -> int:
    """Tell in which folder downloaded weights are kept."""
    result(str(paths.weights_dir()))
    return OK


@app.command
def demo(*, out: Path = DEMO_FOLDER, window: Annotated[bool, Parameter(name="--window")] = True) -> int:
    """Match and morph the sample pairs with the built-in network, offline, then show the first in the window.

    Parameters
    ----------
    out
        Folder for the pairs, the pictures with them drawn in, and a morph of each.
    window
        Whether to open the window at the end; without a display it stays closed anyway.
    """
    from studio.samples import SAMPLES

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            f"The folder “{out}” can't be made ({error.strerror}); choose another one with --out."
        ) from error
    for key, sample in SAMPLES.items():
        start = time.monotonic()
        found = drain(_matching_sample(key), sample.title)
        seconds = time.monotonic() - start
        points, overlay = out / f"{key}.csv", out / f"{key}.png"
        write_pairs(found.pairs, points)
        _write_overlay(found, overlay)
        film = out / f"{key}.webp"
        drain(cli_morph.demo_film(found.a, found.b, found.pairs, film), sample.title)
        told = f"{sample.title}: {len(found.pairs)} best buddies in {seconds:.1f} s"
        result(f"{told}, see {overlay}, {points.name} and {film.name}.")
    result(f"Everything is in {out.resolve()}.")
    if not window:
        return OK
    obstacle = launch.why_no_window()
    if obstacle:
        result(f"The window stays closed. {obstacle}")
        return OK
    return launch.open_window(sample=next(iter(SAMPLES)))


def _matching_sample(key: str) -> Job[_Found]:
    from studio.samples import load_sample

    yield Progress(0.0, "starting")
    from studio.buddies import find_buddies

    a, b, _known = load_sample(key)
    return _Found(a, b, (yield from find_buddies(a, b, MatchOptions())))


def _command_names() -> list[str]:
    return [name for name in app if not name.startswith("-")]


def _help_command(error: cyclopts.CycloptsError) -> str:
    return " ".join([NAME, *(error.command_chain or ()), "--help"])


def _explain_usage(error: cyclopts.CycloptsError) -> str:
    """One sentence on what is wrong with the command line."""
    if isinstance(error.__cause__, pydantic.ValidationError):
        known = {model.__name__: model for model in MODELS}
        return explain_refusal(error.__cause__, known.get(error.__cause__.title, MatchOptions))
    if isinstance(error, cyclopts.ValidationError):
        return error.exception_message
    if isinstance(error, cyclopts.UnusedCliTokensError) and error.unused_tokens:
        return f"“{error.unused_tokens[0]}” is one argument too many."
    return _first_line(error)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]
