"""Where things live: the resources that ship, and the caches, settings and logs of this user."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from platformdirs import PlatformDirs

from studio.errors import StudioError
from studio.language import tr

_PACKAGE = Path(__file__).resolve().parent


@cache
def resources() -> Path:
    """The folder `resources`: beside the package in a checkout, inside it in an installed wheel.

    Raises
    ------
    StudioError
        Neither is there: the installation is incomplete.
    """
    for folder in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        if (folder / "models").is_dir():
            return folder
    raise StudioError(tr("The program's resources are missing: please install buddies-studio again."))


def _dirs() -> PlatformDirs:
    return PlatformDirs("buddies-studio", appauthor=False)


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or default).expanduser()


_chosen_cache = ""


def choose_cache_dir(folder: str) -> None:
    """Put the cache elsewhere in this process; "" is the usual place, and `BUDDIES_STUDIO_CACHE` goes first."""
    global _chosen_cache
    _chosen_cache = folder


def cache_dir() -> Path:
    """Downloaded weights and other things that can be had again (`BUDDIES_STUDIO_CACHE` moves it)."""
    return _folder("BUDDIES_STUDIO_CACHE", _chosen_cache or _dirs().user_cache_dir)


def weights_dir() -> Path:
    """Where downloaded and converted network weights are kept."""
    return cache_dir() / "weights"


def config_dir() -> Path:
    """Settings and window layout (`BUDDIES_STUDIO_CONFIG` moves it)."""
    return _folder("BUDDIES_STUDIO_CONFIG", _dirs().user_config_dir)


def data_dir() -> Path:
    """What must not be lost and belongs to no file yet: work that was not saved (`BUDDIES_STUDIO_DATA` moves it)."""
    return _folder("BUDDIES_STUDIO_DATA", _dirs().user_data_dir)


def log_dir() -> Path:
    """Log files (`BUDDIES_STUDIO_LOGS` moves it)."""
    return _folder("BUDDIES_STUDIO_LOGS", _dirs().user_log_dir)
