"""How each kind of file comes in: through the library, the command line, and the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QUrl

from studio.backbones import load_backbone
from studio.document import OpenedDocument, opening
from studio.pairs import read_pairs
from studio.picture import load
from studio.progress import run_to_end
from tests.faults.registry import Fault
from tests.faults.weights import NETWORK


def read(fault: Fault, path: Path) -> tuple[Any, tuple[str, ...]]:
    """What the library makes of the file, and its notes. Raises `StudioError`."""
    match fault.kind:
        case "picture":
            picture = load(path)
            assert picture.full().shape[:2] == picture.size[::-1]
            return picture, picture.notes
        case "pairs":
            return read_pairs(path), ()
        case "weights":
            return run_to_end(load_backbone(NETWORK, path, "cpu")), ()
        case "project":
            opened: OpenedDocument = run_to_end(opening(path))
            opened.session.discard()
            return opened.document, opened.notes


def command(fault: Fault, path: Path, a: Path, b: Path, pairs: Path, out: Path) -> list[str]:
    """Arguments of the quickest command that takes such a file; `out` has no suffix yet."""
    still = ["--t", "0.5", "--out", str(out.with_suffix(".png"))]
    match fault.kind:
        case "picture" | "project":  # the command line takes no projects: it says that it is not a picture
            return ["morph", str(path), str(b), "--pairs", str(pairs), *still]
        case "pairs":
            return ["morph", str(a), str(b), "--pairs", str(path), *still]
        case "weights":
            network = ["--backbone", NETWORK, "--weights", str(path), "--device", "cpu"]
            return ["match", str(a), str(b), *network, "--working-size", "64", "--out", str(out.with_suffix(".csv"))]


def bring(fault: Fault, path: Path, window: Any, qtbot: Any) -> None:
    """Open the file in the window as a person would, and wait until that has ended."""
    match fault.kind:
        case "picture":
            mime = QMimeData()
            mime.setUrls([QUrl.fromLocalFile(str(path))])
            window.opener.open_mime(mime, "A")
            qtbot.waitUntil(lambda: not window.opener.is_loading)
        case "pairs":
            window.pair_files.import_from(path)
        case "project":
            window.document.open_path(path)
            qtbot.waitUntil(lambda: not window.document.is_busy)
        case "weights":
            network = window.panel("match").network
            network.choose(NETWORK)
            network.chosen_weights[NETWORK] = path
            window.panel("match").run()
            qtbot.waitUntil(lambda: not window.panel("match").is_running)
    qtbot.waitUntil(lambda: window.document.autosave.is_idle)
