"""`packaging/bootstrap.py`: what it decides, and what a real run does on a small stand-in checkout."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from studio.system_libraries import OFFSCREEN_LIBRARIES, WINDOW_LIBRARIES, has_display, missing_packages, report

CHECKOUT = Path(__file__).resolve().parents[1]
SCRIPT = CHECKOUT / "packaging" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, set to a checkout of its own."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    return module


def make_environment(bootstrap: ModuleType) -> Path:
    """A real environment without pip, at the place the script looks at."""
    environment: Path = bootstrap.ENVIRONMENT
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    return environment


@pytest.mark.parametrize("file", [SCRIPT, CHECKOUT / "studio/system_libraries.py", CHECKOUT / "studio/__init__.py"])
def test_parses_on_old_pythons(file: Path) -> None:
    ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_packaging_is_no_python_package() -> None:
    """With an `__init__.py` it would hide the library of that name from a program run in the checkout."""
    assert not (CHECKOUT / "packaging" / "__init__.py").exists()
    assert not (CHECKOUT / "tests" / "packaging").exists()


def test_old_python_is_told_what_to_do(bootstrap: ModuleType) -> None:
    alone = bootstrap.old_python_message((3, 9, 18), lambda _name: None)
    assert "3.11" in alone
    assert "3.9.18" in alone
    assert "python.org" in alone
    beside = bootstrap.old_python_message((3, 9, 18), lambda name: "/usr/bin/x" if name == "python3.12" else None)
    assert "run: python3.12 packaging/bootstrap.py" in beside


def test_wrong_command_shows_usage(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main([]) == 2
    assert bootstrap.main(["tset"]) == 2
    assert "usage:" in capsys.readouterr().err
    assert bootstrap.main(["--help"]) == 0


def test_missing_libraries_are_named_once() -> None:
    absent = {"libEGL.so.1", "libxkbcommon.so.0", "libxkbcommon-x11.so.0", "libxcb-cursor.so.0"}

    def loads(name: str) -> bool:
        return name not in absent

    assert missing_packages(False, loads) == ["libegl1", "libxkbcommon-x11-0"]
    assert missing_packages(True, loads) == ["libegl1", "libxkbcommon-x11-0", "libxcb-cursor0"]
    assert missing_packages(True, lambda _name: True) == []
    everything = set(OFFSCREEN_LIBRARIES.values()) | set(WINDOW_LIBRARIES.values())
    assert set(missing_packages(True, lambda _name: False)) == everything


@pytest.mark.skipif(sys.platform != "linux", reason="the dynamic loader is asked on Linux only")
def test_the_loader_is_really_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OFFSCREEN_LIBRARIES, "libno-such-thing.so.7", "libno-such-thing7")
    monkeypatch.setitem(OFFSCREEN_LIBRARIES, "libc.so.6", "libc6")
    missing = missing_packages(False)
    assert "libno-such-thing7" in missing
    assert "libc6" not in missing


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "win32", True),
        ({}, "darwin", True),
    ],
)
def test_display(environment: dict[str, str], platform: str, expected: bool) -> None:
    assert has_display(environment, platform) is expected


def test_missing_libraries_stop_the_tests_but_not_the_demo(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "missing_packages", lambda _screen: ["libegl1"])
    monkeypatch.setattr(bootstrap, "install_debian", lambda _packages, _steps: False)
    with pytest.raises(bootstrap.SetupError, match="sudo apt install libegl1"):
        bootstrap.add_libraries("test", bootstrap.Steps())
    bootstrap.add_libraries("demo", bootstrap.Steps())
    assert "sudo apt install libegl1" in capsys.readouterr().err


def test_tests_ask_for_the_libraries_of_a_window_too_and_do_without(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some tests try what a window needs, so a machine without a display has to get its libraries as well."""
    asked: list[list[str]] = []

    def install(packages: list[str], _steps: object) -> bool:
        asked.append(packages)
        return False

    monkeypatch.setattr(bootstrap, "has_display", lambda: False)
    monkeypatch.setattr(bootstrap, "missing_packages", lambda screen: ["libxcb-icccm4"] if screen else [])
    monkeypatch.setattr(bootstrap, "install_debian", install)
    bootstrap.add_libraries("demo", bootstrap.Steps())
    assert asked == []
    bootstrap.add_libraries("test", bootstrap.Steps())
    assert asked == [["libxcb-icccm4"]]
    told = capsys.readouterr().err
    assert "sudo apt install libxcb-icccm4" in told
    assert "skipped" in told


def test_report_names_what_the_loader_finds_and_what_it_does_not() -> None:
    lines = report(lambda name: name != "libxcb-icccm.so.4")
    assert "libraries for Qt (window), missing: libxcb-icccm.so.4" in lines
    assert "libraries for Qt (offscreen), missing: none" in lines
    assert any("libEGL.so.1" in line for line in lines)


def test_report_runs_before_anything_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "studio.system_libraries"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("machine: ")
    assert len(done.stdout.splitlines()) == 6


def test_nothing_is_installed_where_nothing_is_missing(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "missing_packages", lambda _screen: [])
    monkeypatch.setattr(bootstrap, "install_debian", lambda *_: pytest.fail("apt was called"))
    steps = bootstrap.Steps()
    bootstrap.add_libraries("test", steps)
    assert steps.number == 0


def test_package_lists_are_fetched_only_after_a_failure(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    knows_packages = False

    def run(command: list[str], _failure: str, _environment: dict[str, str]) -> None:
        nonlocal knows_packages
        verb = "update" if "update" in command else "install"
        calls.append(verb)
        if verb == "update":
            knows_packages = True
        elif not knows_packages:
            raise bootstrap.SetupError("E: Unable to locate package libegl1")

    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(bootstrap, "run_quietly", run)
    assert bootstrap.install_debian(["libegl1"], bootstrap.Steps())
    assert calls == ["install", "update", "install"]
    calls.clear()
    assert bootstrap.install_debian(["libegl1"], bootstrap.Steps())
    assert calls == ["install"]


def test_without_root_nothing_is_installed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(bootstrap, "run_quietly", lambda *_: pytest.fail("apt was called"))
    assert not bootstrap.install_debian(["libegl1"], bootstrap.Steps())


def test_programs_get_the_arguments(bootstrap: ModuleType) -> None:
    test = bootstrap.program("test", ["-k", "foo bar"])
    assert test[1:3] == ["-m", "pytest"]
    assert test[-2:] == ["-k", "foo bar"]
    demo = bootstrap.program("demo", ["--out", "x"])
    assert Path(demo[0]).stem == "buddies-studio"
    assert demo[1:] == ["demo", "--out", "x"]
    assert Path(demo[0]).parent == Path(test[0]).parent


def test_only_tests_without_a_screen_paint_into_memory(bootstrap: ModuleType) -> None:
    assert bootstrap.program_environment("test", {}, False) == {"QT_QPA_PLATFORM": "offscreen"}
    assert bootstrap.program_environment("test", {"QT_QPA_PLATFORM": "vnc"}, False) == {"QT_QPA_PLATFORM": "vnc"}
    assert bootstrap.program_environment("test", {"DISPLAY": ":0"}, True) == {"DISPLAY": ":0"}
    assert bootstrap.program_environment("demo", {}, False) == {}


@pytest.mark.parametrize(
    ("line", "news"),
    [
        ("  Downloading torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl (532.1 MB)\n", "torch (532.1 MB)"),
        ("Downloading https://host/a/nvidia_cudnn_cu13-9.26-py3-none-any.whl (1.2 GB)\n", "nvidia_cudnn_cu13 (1.2 GB)"),
        ("  Using cached torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl (532.1 MB)\n", "from the cache: torch"),
        ("  Downloading idna-3.20-py3-none-any.whl (72 kB)\n", None),
        ("  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)\n", None),
        ("Collecting torch>=2.4\n", None),
        ("Installing collected packages: a, b, c\n", "installing 3 packages"),
    ],
)
def test_news_worth_showing(bootstrap: ModuleType, line: str, news: str | None) -> None:
    answer = bootstrap.pip_news(line)
    assert answer is None if news is None else news in answer


def test_failing_command_shows_its_last_lines(bootstrap: ModuleType) -> None:
    code = "import sys; [print('line', i, flush=True) for i in range(100)]; sys.exit('the reason')"
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.run_quietly([sys.executable, "-c", code], "It failed")
    assert "the reason" in str(caught.value)
    assert "line 99" in str(caught.value)
    assert "line 1\n" not in str(caught.value)
    assert str(caught.value).endswith("It failed (see above).")


class Recorder:
    """Stands for pip: notes what is asked of it, and may be interrupted."""

    def __init__(self, bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.installed: list[list[str]] = []
        self.before: Callable[[], None] = lambda: None
        monkeypatch.setattr(bootstrap, "install_package", self.install)
        monkeypatch.setattr(bootstrap, "check_installation", lambda _python: None)

    def install(self, _python: Path, extras: list[str], _steps: object) -> None:
        self.before()
        self.installed.append(extras)


def test_second_run_does_nothing(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    make_environment(bootstrap)
    pip = Recorder(bootstrap, monkeypatch)
    bootstrap.set_up([], bootstrap.Steps())
    bootstrap.set_up([], bootstrap.Steps())
    assert pip.installed == [[]]
    bootstrap.set_up(["test"], bootstrap.Steps())
    bootstrap.set_up(["test"], bootstrap.Steps())
    bootstrap.set_up([], bootstrap.Steps())  # the tests' packages include the program's
    assert pip.installed == [[], ["test"]]


def test_changed_project_is_installed_again_into_the_same_environment(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(bootstrap)
    (environment / "keep").touch()
    pip = Recorder(bootstrap, monkeypatch)
    bootstrap.set_up([], bootstrap.Steps())
    (bootstrap.CHECKOUT / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    bootstrap.set_up([], bootstrap.Steps())
    assert pip.installed == [[], []]
    assert (environment / "keep").exists()


@pytest.mark.slow
def test_interrupted_installation_is_begun_anew(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = make_environment(bootstrap)
    pip = Recorder(bootstrap, monkeypatch)

    def interrupt() -> None:
        bootstrap.unfinished(environment).touch()
        (environment / "half").mkdir()
        raise KeyboardInterrupt

    pip.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        bootstrap.set_up([], bootstrap.Steps())
    pip.before = lambda: None
    bootstrap.set_up([], bootstrap.Steps())
    assert not (environment / "half").exists()
    assert not bootstrap.unfinished(environment).exists()
    answer = subprocess.run([bootstrap.environment_python(environment), "-m", "pip", "--version"], capture_output=True)
    assert answer.returncode == 0


def test_interrupted_removal_is_known_too(bootstrap: ModuleType) -> None:
    environment = make_environment(bootstrap)
    bootstrap.empty_environment(environment)
    assert [path.name for path in environment.iterdir()] == [bootstrap.unfinished(environment).name]
    assert bootstrap.must_rebuild(environment, bootstrap.CHECKOUT)


def test_failure_without_a_change_keeps_the_environment(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network pip gives up before it changes anything: nothing is downloaded twice for that."""
    environment = make_environment(bootstrap)
    pip = Recorder(bootstrap, monkeypatch)

    def fail() -> None:
        raise bootstrap.SetupError("no network")

    pip.before = fail
    with pytest.raises(bootstrap.SetupError):
        bootstrap.set_up([], bootstrap.Steps())
    assert not bootstrap.must_rebuild(environment, bootstrap.CHECKOUT)
    pip.before = lambda: None
    bootstrap.set_up([], bootstrap.Steps())
    assert pip.installed == [[]]


def test_moved_checkout_is_noticed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editable installation and its scripts hold absolute paths."""
    environment = make_environment(bootstrap)
    Recorder(bootstrap, monkeypatch)
    bootstrap.set_up([], bootstrap.Steps())
    assert not bootstrap.must_rebuild(environment, bootstrap.CHECKOUT)
    assert bootstrap.must_rebuild(environment, bootstrap.CHECKOUT / "elsewhere")


def test_foreign_environment_is_kept(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = make_environment(bootstrap)
    (environment / "mine").touch()
    Recorder(bootstrap, monkeypatch)
    bootstrap.set_up([], bootstrap.Steps())
    assert (environment / "mine").exists()


def test_damaged_stamp_counts_as_none(bootstrap: ModuleType) -> None:
    environment = make_environment(bootstrap)
    for text in ("", "[1]", "{", json.dumps({"pyproject": 1})):
        bootstrap.stamp_path(environment).write_text(text)
        wanted = bootstrap.wanted_stamp(bootstrap.CHECKOUT, "3.11.7", [])
        assert not bootstrap.is_current(bootstrap.read_stamp(environment), wanted)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in program is a script")
def test_second_run_sets_nothing_up_and_hands_on_the_exit_code(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real script in a checkout that is set up already: arguments and exit code go through."""
    checkout: Path = bootstrap.CHECKOUT
    environment = make_environment(bootstrap)
    Recorder(bootstrap, monkeypatch)
    bootstrap.set_up([], bootstrap.Steps())
    for name in ("packaging/bootstrap.py", "studio/__init__.py", "studio/system_libraries.py"):
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text((CHECKOUT / name).read_text())
    program = environment / "bin" / "buddies-studio"
    program.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    program.chmod(0o755)
    answer = subprocess.run(
        [sys.executable, str(checkout / "packaging/bootstrap.py"), "demo", "--out", "a b"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert answer.returncode == 7
    assert answer.stdout == "demo --out a b\n"  # and no word of a set-up
