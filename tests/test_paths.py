"""Where things live, and that each place can be moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import paths
from studio.errors import StudioError


def test_the_resources_of_this_checkout() -> None:
    assert paths.resources() == Path(__file__).resolve().parents[1] / "resources"
    assert (paths.resources() / "models").is_dir()


def test_resources_inside_an_installed_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "studio"
    for folder in (package / "resources" / "models", tmp_path / "site" / "resources" / "models"):
        folder.mkdir(parents=True)
    monkeypatch.setattr(paths, "_PACKAGE", package)
    assert paths.resources.__wrapped__() == package / "resources"


def test_missing_resources_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "studio")
    (tmp_path / "resources").mkdir()  # somebody else's
    with pytest.raises(StudioError, match="install buddies-studio again"):
        paths.resources.__wrapped__()


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("CACHE", paths.cache_dir),
        ("CONFIG", paths.config_dir),
        ("DATA", paths.data_dir),
        ("LOGS", paths.log_dir),
    ],
)
def test_every_folder_can_be_moved(variable: str, place: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(place)
    monkeypatch.setenv(f"BUDDIES_STUDIO_{variable}", "~/elsewhere")
    assert place() == Path.home() / "elsewhere"
    monkeypatch.delenv(f"BUDDIES_STUDIO_{variable}")
    assert "buddies-studio" in str(place()) and place().is_absolute()


def test_weights_lie_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BUDDIES_STUDIO_CACHE", str(tmp_path))
    assert paths.weights_dir() == tmp_path / "weights"


def test_asking_creates_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BUDDIES_STUDIO_CACHE", str(tmp_path / "cache"))
    paths.weights_dir()
    assert list(tmp_path.iterdir()) == []
