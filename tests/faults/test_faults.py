"""Every fault through the library, the command line and the window: all three do what it says must happen."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from studio.__main__ import main
from studio.errors import StudioError
from studio.gui.shell.main_window import MainWindow
from tests.faults import pairs, pictures, projects, weights
from tests.faults.registry import FAULTS, Fault
from tests.faults.ways import bring, command, read

MAKERS = (pictures, pairs, projects, weights)
"""Importing them fills the list."""
PROGRESS = re.compile(r"\w+: +\d+% .*|\d+ pairs in .*")
"""What the command line says while all goes well."""

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.name}")


@pytest.fixture
def file(fault: Fault, tmp_path: Path) -> Path:
    folder = tmp_path / "fault"
    folder.mkdir()
    return fault.make(folder)


def is_one_sentence(text: str) -> bool:
    """Something that a person can read in one line, and no words of a programmer's."""
    return (
        text.strip() == text
        and text.endswith(".")
        and all(sign.isprintable() or sign == "\xa0" for sign in text)
        and not re.search(r"Traceback|Error\b|error in the program|bug in the program|object at 0x|sys\.", text)
    )


@each_fault
def test_library(fault: Fault, file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if fault.must == "refused":
        with pytest.raises(StudioError) as caught:
            read(fault, file)
        assert fault.says in str(caught.value)
        assert is_one_sentence(str(caught.value)), str(caught.value)
    else:
        what, notes = read(fault, file)
        assert fault.gives is None or fault.gives(what)
        assert fault.says in " ".join(notes)
    assert capfd.readouterr() == ("", "")  # libraries talk to nobody


@each_fault
def test_command_line(fault: Fault, file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    a, b, table = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "good.csv"
    pictures.photo().save(a)
    pictures.photo().rotate(3).save(b)
    table.write_text("ax,ay,bx,by\n0,0,0,0\n")  # lies within whatever the picture turns out to be
    (tmp_path / "out").mkdir()
    code = main(command(fault, file, a, b, table, tmp_path / "out" / "made"))
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if not PROGRESS.fullmatch(line)]
    made = list((tmp_path / "out").iterdir())
    if fault.must == "refused" or fault.kind == "project":
        assert (code, out, made) == (1, "", [])
        assert len(lines) == 1 and lines[0].startswith("buddies-studio: "), err
        assert fault.kind == "project" or fault.says in lines[0]
        assert is_one_sentence(lines[0]), lines[0]
    else:
        # What is not quite as the file says is told, in a sentence that begins with its name.
        assert code == 0 and all(line.startswith("“") and is_one_sentence(line) for line in lines), err
        assert [str(path) for path in made] == out.splitlines()


@each_fault
def test_window(
    fault: Fault,
    file: Path,
    window: MainWindow,
    qtbot: Any,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def state() -> tuple[object, ...]:
        content = window.state.content
        return (
            content.a,
            content.b,
            content.pairs,
            window.document.project,
            window.windowTitle(),
            window.isWindowModified(),
        )

    before = state()
    caplog.set_level(logging.INFO, "studio")
    caplog.clear()
    bring(fault, file, window, qtbot)
    said, severity = window.messages.text(), window.messages.severity
    if fault.must == "refused":
        assert severity == "error" and fault.says in said
        assert is_one_sentence(said), said
        assert state() == before
    else:
        assert severity != "error", said
        assert state() != before
        assert not fault.says or any(fault.says in record.getMessage() for record in caplog.records)
    assert window.document.autosave.is_idle
    assert not [record for record in caplog.records if record.exc_info or "an error in the program" in record.message]
    assert capfd.readouterr() == ("", "")
