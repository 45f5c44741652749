"""Programs that are ended from outside leave nothing half done: by a signal at once, killed at the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.files import replacing, replacing_folder
from studio.leftovers import MARK, new_name, noted, notes_dir, remove_leftovers, scratch_folder
from studio.signals import Ended, ending_as_interrupt
from tests.conftest import PATIENCE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")

MAKING = """
import sys, time
from pathlib import Path
from studio.files import replacing, replacing_folder
with replacing(Path(sys.argv[1]) / "film.gif") as film, replacing_folder(Path(sys.argv[1]) / "frames") as folder:
    film.write_text("half")
    (folder / "one.png").write_text("half")
    print("making", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@contextmanager
def making(folder: Path, program: str = MAKING) -> Iterator[subprocess.Popen[str]]:
    """A program of its own that is in the midst of writing a film and a folder."""
    with subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "making\n"
        yield process
        process.kill()


def test_what_a_killed_program_left_is_removed_and_what_a_living_one_makes_stays(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    (tmp_path / "alive").mkdir()
    with making(tmp_path / "dead") as dead, making(tmp_path / "alive") as alive:
        mine = [tmp_path / "dead" / name for name in ("film.gif", f".film{MARK}like ours.gif")]
        for path in mine:
            path.write_text("somebody else's")
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert len(names(tmp_path / "dead")) == 4
        with replacing(tmp_path / "own") as own:
            removed = remove_leftovers()
            assert own.exists()
        assert len(removed) == 2
        assert sorted(mine) == sorted((tmp_path / "dead").iterdir())
        assert len(names(tmp_path / "alive")) == 2
        alive.kill()
        alive.wait()
        assert len(remove_leftovers()) == 2
        assert names(tmp_path / "alive") == []
    assert remove_leftovers() == []


def test_notes_that_name_other_files_remove_nothing(tmp_path: Path) -> None:
    folder = notes_dir() / "ended"
    folder.mkdir(parents=True)
    wanted = tmp_path / "wanted.png"
    target = new_name(tmp_path / "target.png")
    link = new_name(tmp_path / "link.png")
    for path in (wanted, target):
        path.write_text("x")
    link.symlink_to(wanted)
    notes = [os.fsencode(wanted), os.fsencode(link), os.fsencode(new_name(tmp_path / "gone")), b"relative", b"a\0b"]
    for number, note in enumerate(notes):
        (folder / str(number)).write_bytes(note)
    assert remove_leftovers() == []
    assert {wanted, target, link} == set(tmp_path.iterdir())


def test_a_home_that_can_not_be_written_keeps_nobody_from_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BUDDIES_STUDIO_DATA", str(tmp_path / "file"))
    with replacing(tmp_path / "x") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "x").read_text() == "new"
    assert remove_leftovers() == []


def test_notes_go_with_what_they_note(tmp_path: Path) -> None:
    def notes() -> list[Path]:
        return [path for path in notes_dir().glob("*/*") if path.name != "in-use"]

    with replacing(tmp_path / "x"), replacing_folder(tmp_path / "y"), scratch_folder() as scratch:
        assert len(notes()) == 3
        assert list(scratch.iterdir()) == []
    assert notes() == []
    assert not scratch.exists()
    with pytest.raises(ValueError, match="bug"), noted(new_name(tmp_path / "z")):
        raise ValueError("bug")
    assert notes() == []


def pictures(folder: Path) -> list[str]:
    drawn = np.random.default_rng(3).integers(0, 255, (2, 240, 320, 3), dtype=np.uint8)
    for name, pixels in zip("ab", drawn, strict=True):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    (folder / "pairs.csv").write_text("ax,ay,bx,by\n20,30,40,50\n200,100,180,120\n90,200,100,190\n")
    return [str(folder / f"{name}.png") for name in "ab"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_tidies_up_has_its_turn(tmp_path: Path, number: signal.Signals) -> None:
    guarded = MAKING.replace("import sys", "import studio.signals, sys").replace(
        "with ", "with studio.signals.ending_as_interrupt(), "
    )
    with making(tmp_path, guarded) as process:
        process.send_signal(number)
        process.wait(PATIENCE)
    assert names(tmp_path) == []


def test_signals_that_others_listen_to_stay_theirs() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_as_interrupt():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
            with pytest.raises(Ended) as caught:
                signal.raise_signal(signal.SIGTERM)
            assert caught.value.number == signal.SIGTERM
            signal.raise_signal(signal.SIGTERM)  # a second one does not disturb
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_film_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    given, target = tmp_path / "given", tmp_path / "target"
    given.mkdir()
    target.mkdir()
    a, b = pictures(given)
    flags = ["--pairs", str(given / "pairs.csv"), "--out", str(target / "film.mp4"), "--frames", "2000"]
    command = [sys.executable, "-m", "studio", "morph", a, b, *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        guard = threading.Timer(60, process.kill)
        guard.start()
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("film:") and names(target):
                break
        assert names(target)
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        guard.cancel()
    assert process.returncode == 128 + signal.SIGTERM
    assert names(target) == []
    assert "Traceback" not in rest
    assert "cancelled; nothing half done was left behind" in rest
