"""Sets everything up on a bare machine, then runs the demo or the tests: `python3 packaging/bootstrap.py demo`.

Standard library only, no shell. The file has to parse on Python 3.8, so that an old Python gets a
sentence instead of a syntax error. What it does, it does once: a stamp in `.venv` says for which
`pyproject.toml` and which Python the environment was made.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any, Callable, Iterable, NoReturn  # noqa: UP035 (Python 3.8 must get as far as the version check)

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from studio.system_libraries import has_display, missing_packages  # noqa: E402 (nothing is installed yet)

ENVIRONMENT = CHECKOUT / ".venv"
MINIMUM_PYTHON = (3, 11)
GIB = 1 << 30

USAGE = """usage: python3 packaging/bootstrap.py demo [arguments of `buddies-studio demo`]
       python3 packaging/bootstrap.py test [arguments of pytest]

Makes the environment .venv, installs Buddies Studio and what it needs, then runs the demo or the tests."""


class SetupError(Exception):
    """A set-up step that failed; the text says what happened and what to do."""


def main(arguments: list[str]) -> int:
    if sys.version_info < MINIMUM_PYTHON:
        print(old_python_message(tuple(sys.version_info[:3]), shutil.which), file=sys.stderr)
        return 1
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if arguments[:1] not in (["demo"], ["test"]):
        print(USAGE, file=sys.stderr)
        return 2
    command = arguments[0]
    steps = Steps()
    try:
        add_libraries(command, steps)
        set_up(["test"] if command == "test" else [], steps)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    if steps.number:
        steps.say(f"Running the {command}\n")
    if command == "test":
        os.chdir(CHECKOUT)
    return run_program(program(command, arguments[1:]), program_environment(command, dict(os.environ), has_display()))


def old_python_message(version: tuple[int, ...], which: Callable[[str], str | None]) -> str:
    """What a person with too old a Python is told; names a newer one if `which` finds one."""
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    message = f"Buddies Studio needs Python {wanted} or newer; this is Python {'.'.join(map(str, version))}."
    newer = next((name for name in (f"python3.{minor}" for minor in range(14, 10, -1)) if which(name)), None)
    if newer:
        return f"{message} There is a newer one here; run: {newer} packaging/bootstrap.py demo (or test)"
    return f"{message} Install it from your system's packages or from https://www.python.org/downloads/."


class Steps:
    """Prints numbered lines, with the seconds since the start."""

    def __init__(self) -> None:
        self.number = 0
        self.start = time.monotonic()

    def say(self, text: str) -> None:
        self.number += 1
        print(f"[{self.number}] {text}", flush=True)

    def detail(self, text: str) -> None:
        print(f"    {time.monotonic() - self.start:4.0f} s  {text}", flush=True)


# --- the environment ---------------------------------------------------------------------------


def set_up(extras: list[str], steps: Steps) -> None:
    """Bring `.venv` to the state that `pyproject.toml` asks for; quick if it is there already.

    Raises
    ------
    SetupError
        A step failed.
    """
    python = environment_python(ENVIRONMENT)
    version = python_version(python)
    if version and is_current(read_stamp(ENVIRONMENT), wanted_stamp(CHECKOUT, version, extras)):
        return
    if version is None or must_rebuild(ENVIRONMENT, CHECKOUT):
        make_environment(steps)
        version = python_version(python)
        if version is None:
            raise SetupError(f"The new environment does not work; remove {ENVIRONMENT} and try again.")
    elif version_tuple(version) < MINIMUM_PYTHON:
        raise SetupError(f"{ENVIRONMENT} has Python {version}, which is too old: remove it and try again.")
    else:
        steps.say(f"Environment: {ENVIRONMENT} (Python {version})")
    stamp = wanted_stamp(CHECKOUT, version, extras)
    before = read_stamp(ENVIRONMENT) or {}
    stamp["extras"] = sorted({*stamp["extras"], *before.get("extras", [])})
    install_package(python, extras, steps)
    check_installation(python)
    stamp_path(ENVIRONMENT).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    unfinished(ENVIRONMENT).unlink(missing_ok=True)


def environment_python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def python_version(python: Path) -> str | None:
    """The version of an interpreter, or None if it can't be run."""
    try:
        answer = subprocess.run(
            [str(python), "-I", "-S", "-c", "import platform; print(platform.python_version())"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def stamp_path(environment: Path) -> Path:
    return environment / "buddies-studio-setup.json"


def unfinished(environment: Path) -> Path:
    """A file that is there while the environment is being changed; it outlives an interruption."""
    return environment / "buddies-studio-setup.unfinished"


def wanted_stamp(checkout: Path, python: str, extras: list[str]) -> dict[str, Any]:
    """What the environment has to be made for: project file, Python, place, extras."""
    digest = hashlib.sha256((checkout / "pyproject.toml").read_bytes()).hexdigest()
    return {"pyproject": digest, "python": python, "checkout": str(checkout), "extras": sorted(extras)}


def read_stamp(environment: Path) -> dict[str, Any] | None:
    """What the environment was made for, or None if it was not finished or not made here."""
    if unfinished(environment).exists():
        return None
    try:
        stamp = json.loads(stamp_path(environment).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def is_current(stamp: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether nothing is left to do: the same project, Python and place, and at least the extras."""
    if stamp is None:
        return False
    same = all(stamp.get(key) == wanted[key] for key in ("pyproject", "python", "checkout"))
    return same and set(wanted["extras"]) <= set(stamp.get("extras", []))


def must_rebuild(environment: Path, checkout: Path) -> bool:
    """Whether what is in the environment can't be trusted: half installed, or moved from elsewhere.

    An environment that was not made by this program is kept, and only added to.
    """
    stamp = read_stamp(environment)
    return unfinished(environment).exists() or (stamp is not None and stamp.get("checkout") != str(checkout))


def make_environment(steps: Steps) -> None:
    """Make `.venv` anew, with pip in it."""
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        raise SetupError(f"{ENVIRONMENT} has to be made anew: run this with the system's Python, not with its own.")
    if ENVIRONMENT.exists():
        steps.say(f"Environment: removing {ENVIRONMENT}, which is incomplete or does not work")
        empty_environment(ENVIRONMENT)
    steps.say(f"Environment: making {ENVIRONMENT} (Python {'.'.join(map(str, sys.version_info[:3]))})")
    # Debian takes ensurepip out of its Python, so that an environment comes without pip. The
    # system's pip can put one in; where there is none, Debian's package brings ensurepip back.
    own_pip = has_ensurepip()
    if not own_pip and not pip_serves_others():
        package = f"python3.{sys.version_info[1]}-venv"
        steps.detail(f"Debian package {package}")
        own_pip = install_debian([package], steps) and has_ensurepip()
        if not own_pip:
            raise SetupError(f"This Python can't make environments. Please run: sudo apt install {package}")
    ENVIRONMENT.mkdir(exist_ok=True)
    unfinished(ENVIRONMENT).touch()
    without_pip = [] if own_pip else ["--without-pip"]
    run_quietly([sys.executable, "-m", "venv", *without_pip, str(ENVIRONMENT)], "The environment could not be made")
    if not own_pip:
        python = str(environment_python(ENVIRONMENT))
        install = [sys.executable, "-m", "pip", "--python", python, "install", "pip"]
        run_quietly(install, "pip could not be installed", pip_environment())


def empty_environment(environment: Path) -> None:
    """Remove all but the mark that says so: if this is interrupted too, the next run still knows."""
    unfinished(environment).touch()
    for entry in environment.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry != unfinished(environment):
            entry.unlink()


def has_ensurepip() -> bool:
    importlib.invalidate_caches()
    return importlib.util.find_spec("ensurepip") is not None


def pip_serves_others() -> bool:
    """Whether this Python's pip can install into another environment (22.3 and newer)."""
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "pip", "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.match(r"pip (\d+)\.(\d+)", answer.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= (22, 3)


def version_tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


# --- the package -------------------------------------------------------------------------------


def install_package(python: Path, extras: list[str], steps: Steps) -> None:
    """Install the checkout, editable, with its dependencies."""
    steps.say("Packages: Buddies Studio and what it needs (PyTorch is large: some minutes the first time)")
    target = str(CHECKOUT) + (f"[{','.join(extras)}]" if extras else "")
    command = [str(python), "-m", "pip", "install", "--progress-bar", "off", "--no-input"]
    environment = pip_environment()
    if sys.platform == "linux" and shutil.disk_usage(CHECKOUT).free < 12 * GIB:
        steps.detail("little room on the disk: downloads are not kept")
        command.append("--no-cache-dir")

    def follow(line: str) -> None:
        if line.startswith("Installing collected packages"):
            # Until here pip changes nothing, and giving up for want of a network does no harm.
            unfinished(ENVIRONMENT).touch()
        news = pip_news(line)
        if news:
            steps.detail(news)

    with tempfile.TemporaryDirectory(dir=roomiest_temporary_folder()) as temporary:
        environment["TMPDIR"] = temporary
        run_quietly([*command, "--editable", target], "pip could not install the packages", environment, follow)


def pip_environment() -> dict[str, str]:
    """pip's settings are this user's, but for those that don't fit an environment."""
    return dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore", PIP_USER="0")


def roomiest_temporary_folder() -> Path:
    """Where pip unpacks 3 GB: the usual place, unless that is a small RAM disk."""
    usual = Path(tempfile.gettempdir())
    return usual if shutil.disk_usage(usual).free > 8 * GIB else ENVIRONMENT


def check_installation(python: Path) -> None:
    """Import what is most often broken: torch and torchvision that don't match, pictures, windows."""
    run_quietly([str(python), "-c", "import torchvision, PIL.Image, studio"], "The installed packages do not work")


def pip_news(line: str) -> str | None:
    """What of pip's output is worth showing: large downloads, and the long silence at the end."""
    download = re.match(r"\s*(Downloading|Using cached) (\S+?)-\d\S* \(([\d.]+) (MB|GB)\)", line)
    if download and (download[4] == "GB" or float(download[3]) >= 50):
        verb = "downloading" if download[1] == "Downloading" else "from the cache:"
        return f"{verb} {download[2].rsplit('/', 1)[-1]} ({download[3]} {download[4]})"
    if line.startswith("Installing collected packages"):
        return f"installing {line.count(',') + 1} packages"
    return None


def run_quietly(
    command: list[str],
    failure: str,
    environment: dict[str, str] | None = None,
    follow: Callable[[str], None] | None = None,
) -> None:
    """Run `command` without its noise; if it fails, `SetupError` with its last lines.

    `follow` is handed each line of its output as it comes.
    """
    last: deque[str] = deque(maxlen=25)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        try:
            for line in process.stdout or ():
                last.append(line.rstrip())
                if follow:
                    follow(line)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise SetupError("\n".join(["    " + line for line in last] + [f"{failure} (see above)."]))


# --- the system's libraries --------------------------------------------------------------------


def add_libraries(command: str, steps: Steps) -> None:
    """Install the libraries that Qt loads where Linux lacks them, or say which they are.

    The tests take those of a real window too, since some of them try what a window needs; without
    them they are skipped, with that as their reason.

    Raises
    ------
    SetupError
        Libraries are missing without which nothing of the tests can run, and this user may not install them.
    """
    for_a_screen = has_display() or command == "test"
    missing = missing_packages(for_a_screen)
    if not missing:
        return
    steps.say(f"System libraries for Qt: {' '.join(missing)}")
    if install_debian(missing, steps):
        missing = missing_packages(for_a_screen)
        if not missing:
            return
    advice = f"Some system libraries are missing. Please run: sudo apt install {' '.join(missing)}"
    if command == "test" and missing_packages(False):
        raise SetupError(advice)
    consequence = "tests of a real window are skipped" if command == "test" else "only the demo's window needs them"
    print(f"{advice}\nGoing on without them: {consequence}.", file=sys.stderr)


def install_debian(packages: Iterable[str], steps: Steps) -> bool:
    """Install Debian packages if this is root on Debian or a relative; whether that went well."""
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    options = ["-y", "-q", "-o", "DPkg::Lock::Timeout=120"]
    install = [apt, *options, "install", "--no-install-recommends", *packages]
    try:
        run_quietly(install, "apt-get install failed", environment)
    except SetupError:
        # A fresh machine has no package lists, or old ones.
        steps.detail("fetching the package lists")
        try:
            run_quietly([apt, *options, "update"], "apt-get update failed", environment)
            run_quietly(install, "apt-get install failed", environment)
        except SetupError as error:
            print(error, file=sys.stderr)
            return False
    return True


# --- the program -------------------------------------------------------------------------------


def program(command: str, arguments: list[str]) -> list[str]:
    """The command line to run in the environment."""
    python = environment_python(ENVIRONMENT)
    if command == "test":
        # Two processes are what two cores take; `-n 0` as a last argument wins.
        return [str(python), "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
    return [str(python.with_name("buddies-studio" + python.suffix)), "demo", *arguments]


def program_environment(command: str, environment: dict[str, str], screen: bool) -> dict[str, str]:
    """The variables the program gets: tests without a screen paint into memory."""
    if command == "test" and not screen:
        return {"QT_QPA_PLATFORM": "offscreen", **environment}
    return environment


def run_program(command: list[str], environment: dict[str, str]) -> int:
    """Become the program where the system can; its exit code is ours either way."""
    sys.stdout.flush()
    if os.name == "posix":
        replace_process(command, environment)
    return subprocess.call(command, env=environment)


def replace_process(command: list[str], environment: dict[str, str]) -> NoReturn:
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
