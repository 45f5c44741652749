"""The wheel: what is in it, and whether it runs from an environment of its own, far from the checkout."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.pairs import read_pairs

CHECKOUT = Path(__file__).resolve().parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], CHECKOUT)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; what it depends on is borrowed from the environment of the tests.

    Lines of `.pth` files in a borrowed folder are not read, so an editable installation there stays out of sight.
    """
    environment = tmp_path_factory.mktemp("fresh") / "environment"
    run([sys.executable, "-m", "venv", "--without-pip", str(environment)], environment.parent)
    python = str(environment / BIN / "python")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", str(wheel)]
    run(install, environment.parent)
    site_packages = Path(run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    borrowed = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (site_packages / "borrowed.pth").write_text("\n".join(borrowed))
    return environment


def run(command: list[str], folder: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "DISPLAY")}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_wheel_has_all_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata_name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(metadata_name))
        (licence,) = (name for name in names if name.endswith("/licenses/LICENSE"))
        assert b"MIT License" in archive.read(licence)
    assert "studio/resources/models/buddynet.safetensors" in names
    for path in (CHECKOUT / "resources" / "samples").iterdir():
        assert f"studio/resources/samples/{path.name}" in names
    catalogues = sorted((CHECKOUT / "resources" / "languages").rglob("*.mo"))
    assert catalogues
    for path in catalogues:
        assert f"studio/{path.relative_to(CHECKOUT).as_posix()}" in names
    for path in (CHECKOUT / "studio").rglob("*.py*"):
        if path.suffix in (".py", ".pyi"):
            assert path.relative_to(CHECKOUT).as_posix() in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"studio"}
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"


@pytest.mark.slow
def test_demo_runs_from_the_wheel_in_another_folder(fresh: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    said = run([str(fresh / BIN / "buddies-studio"), "demo", "--no-window", "--out", str(out)], tmp_path)
    assert str(out.resolve()) in said
    point_files = sorted(out.glob("*.csv"))
    assert point_files
    for points in point_files:
        assert len(read_pairs(points)) > 0
        with Image.open(points.with_suffix(".png")) as overlay:
            assert min(overlay.size) > 100
            assert len(np.unique(np.asarray(overlay.convert("L")))) > 10
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@pytest.mark.slow
def test_wheel_uses_its_own_files(fresh: Path, tmp_path: Path) -> None:
    code = "import studio, studio.paths; print(studio.__file__); print(studio.paths.resources())"
    for place in run([str(fresh / BIN / "python"), "-c", code], tmp_path).splitlines():
        assert Path(place).is_relative_to(fresh)
