"""Opening the window: what a machine without a display, or without Qt's libraries, is told."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from studio import __main__, launch
from studio.system_libraries import missing_packages

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has machines without a display")
MISSING_PACKAGES = missing_packages(for_a_screen=True)
with_window_libraries = pytest.mark.skipif(
    bool(MISSING_PACKAGES), reason=f"a real window needs the packages {' '.join(MISSING_PACKAGES)}"
)

MISSING = "{}: cannot open shared object file: No such file or directory"


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Stands for `studio.gui.shell.app`: notes with what it was opened."""
    opened: list[tuple[object, ...]] = []
    module = ModuleType("studio.gui.shell.app")
    module.run_window = lambda a, b, sample: opened.append((a, b, sample)) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "studio.gui.shell.app", module)
    return opened


def test_what_libraries_print_while_the_window_is_open_stays_off_the_terminal(
    window: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "why_no_window", lambda: None)

    def talking(*_: object) -> int:
        sys.stderr.write("a library talks")
        return 0

    monkeypatch.setattr(sys.modules["studio.gui.shell.app"], "run_window", talking)
    assert launch.open_window() == 0
    assert capfd.readouterr() == ("", "")


@on_linux
@pytest.mark.usefixtures("no_screen")
def test_no_display_is_told_before_qt_is_touched(window: list[tuple[object, ...]]) -> None:
    with pytest.raises(launch.NoWindow, match="no display here"):
        launch.open_window()
    assert window == []


@on_linux
@with_window_libraries
@pytest.mark.usefixtures("no_screen")
def test_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt would abort the process here, without a word that Python could catch."""
    monkeypatch.setenv("DISPLAY", ":7391")
    obstacle = launch.why_no_window()
    assert obstacle is not None
    assert "“:7391” does not answer" in obstacle


@on_linux
@pytest.mark.usefixtures("no_screen")
def test_library_of_the_plug_in_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ctypes.CDLL

    def load(name: str) -> ctypes.CDLL:
        if name.endswith("libqxcb.so") or name == "libxcb-cursor.so.0":
            raise OSError(MISSING.format("libxcb-cursor.so.0"))
        return real(name)

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(ctypes, "CDLL", load)
    obstacle = launch.why_no_window()
    assert obstacle is not None
    assert "libxcb-cursor.so.0 is missing" in obstacle
    assert "sudo apt install libxcb-cursor0" in obstacle
    assert "\n" not in obstacle


def test_library_of_qt_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "studio.gui.shell.app":
                raise ImportError(MISSING.format("libEGL.so.1"))

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.delitem(sys.modules, "studio.gui.shell.app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(launch.NoWindow, match=r"libEGL\.so\.1 is missing; please run: sudo apt install libegl1"):
        launch.open_window()


def test_other_import_errors_are_bugs_and_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setitem(sys.modules, "studio.gui.shell.app", ModuleType("studio.gui.shell.app"))
    with pytest.raises(ImportError, match="run_window"):
        launch.open_window()


def test_program_opens_pictures_without_a_parser(
    window: list[tuple[object, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    a, b = tmp_path / "a.jpg", tmp_path / "b.png"
    a.touch()
    b.touch()
    assert __main__.main([str(a), str(b)]) == 0
    assert __main__.main([]) == 0
    assert window == [(a, b, None), (None, None, None)]


def test_commands_go_before_files_of_the_same_name(
    window: list[tuple[object, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.chdir(tmp_path)
    for name in ("match", "picture"):
        (tmp_path / name).touch()
    assert __main__.main(["match"]) == 2  # the command, which lacks its pictures
    assert window == []
    assert __main__.main(["picture"]) == 0
    assert window == [(Path("picture"), None, None)]


def test_files_that_are_not_there_are_left_to_the_parser() -> None:
    assert not __main__.are_pictures(["missing.png"])
    assert not __main__.are_pictures(["--version"])


def test_window_imports_neither_torch_nor_the_parser(tmp_path: Path) -> None:
    code = (
        "import sys, studio.launch, studio.__main__, studio.gui.shell.app\n"
        "studio.gui.shell.app.run_window = lambda *_: 0\n"
        "code = studio.__main__.main([])\n"
        "print(code, sorted({'torch', 'cyclopts', 'scipy', 'sklearn', 'skimage', 'rich'} & set(sys.modules)))"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "0 []\n", done.stderr
