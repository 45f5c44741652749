"""Where to save: endings are completed, dots stay in names, and no file is replaced unasked, whoever asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

import studio.gui
from studio.gui.widgets import saving
from studio.gui.widgets.saving import ask_where_to_save
from studio.pairs import PairSet

PAIRS = PairSet.from_arrays([[100.5, 100], [300, 60.25], [40, 200]], [[90, 110], [260, 80], [50, 210]], level=1)


@pytest.fixture
def replacing(monkeypatch):
    """Names of the files that were asked for; nobody wants them replaced, so that the dialog comes again."""
    asked: list[list[str]] = []

    def answer(_window, files):
        asked.append([file.name for file in files])
        return False

    monkeypatch.setattr(saving, "ask_to_replace", answer)
    return asked


def type_name(monkeypatch, path: Path, kind: str = "") -> None:
    """Answer the next dialog with a name, and cancel the one that follows a refusal."""
    answers = [(str(path), kind), ("", "")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answers.pop(0))


def dialogs(window):
    """Every way to save that the window has: what is typed, what would be written, and how the dialog is opened."""
    export, files = window.panel("morph").export, window.pair_files
    return {
        "project": ("work", ["work.buddies"], window.document.save_as),
        "project with dots": ("my.cat.v2", ["my.cat.v2.buddies"], window.document.save_as),
        "pairs": ("pairs", ["pairs.csv"], files.export_dialog),
        "pairs with dots": ("my.cat.v2", ["my.cat.v2.csv"], files.export_dialog),
        "pairs of the official program": ("pairs.txt", ["pairs_B.txt"], files.export_dialog),
        "overlay": ("pairs", ["pairs.png"], files.overlay_dialog),
        "film": ("film", ["film.mp4"], export.film_dialog),
        "still": ("still.v2", ["still.v2.png"], export.still_dialog),
        "warped": ("w.png", ["w_A.png", "w_B.png"], export.warped_dialog),
        "warped, the second": ("w.png", ["w_B.png"], export.warped_dialog),
        "field": ("my.field", ["my.field_A.npy", "my.field_B.npy"], export.field_dialog),
        "style": ("my.cat.v2", ["my.cat.v2.png"], lambda: _style_dialog(window)),
        "kept result": ("my.cat.v2", ["my.cat.v2.png"], lambda: _take_out(window)),
    }


def _style_dialog(window) -> None:
    outcome = window.panel("style").outcome
    outcome._preview = window.state.picture("A")
    outcome.save_dialog()


def _take_out(window) -> None:
    from studio.document import Result

    window.file_menus.take_out(Result("style", "cat", {}, b"picture"))


def test_no_dialog_replaces_a_file_unasked(opened, tmp_path, monkeypatch, replacing):
    opened.state.set_pairs(PAIRS)
    begun: list[object] = []
    monkeypatch.setattr(opened.jobs, "submit", lambda *job, **_: begun.append(job))
    for what, (typed, written, open_dialog) in dialogs(opened).items():
        folder = tmp_path / what.replace(" ", "-")
        folder.mkdir()
        for name in written:
            (folder / name).write_bytes(b"precious")
        type_name(monkeypatch, folder / typed)
        replacing.clear()
        open_dialog()
        assert replacing == [written], what
        assert not begun, what
        assert sorted(file.name for file in folder.iterdir()) == sorted(written), what
        assert all((folder / name).read_bytes() == b"precious" for name in written), what


def test_what_qt_has_asked_for_is_not_asked_again(opened, tmp_path, monkeypatch, replacing):
    opened.state.set_pairs(PAIRS)
    path = tmp_path / "pairs.csv"
    path.write_text("old")
    type_name(monkeypatch, path)
    opened.pair_files.export_dialog()
    assert replacing == [] and path.read_text().startswith("id,")


def test_a_refusal_leads_back_to_the_dialog(opened, tmp_path, monkeypatch, replacing):
    (tmp_path / "work.csv").write_text("old")
    answers, proposed = [(str(tmp_path / "work"), ""), (str(tmp_path / "other"), "")], []

    def dialog(_window, _title, start, _kinds):
        proposed.append(start)
        return answers.pop(0)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", dialog)
    chosen = ask_where_to_save(opened, opened.settings, "Export", "pairs.csv", {"CSV (*.csv)": ".csv"})
    assert chosen == (tmp_path / "other.csv", "CSV (*.csv)")
    assert replacing == [["work.csv"]] and proposed[1] == str(tmp_path / "work.csv")
    assert opened.settings.last_folder == str(tmp_path)


@pytest.mark.parametrize("yes", [True, False])
def test_the_question_names_all_files(window, tmp_path, yes):
    seen = []

    def answer():
        (box,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()]
        seen.append(box.text())
        buttons = box.buttons()
        wanted = next(one for one in buttons if (one.text().replace("&", "") == "Replace") is yes)
        wanted.click()

    QTimer.singleShot(0, answer)
    assert saving.ask_to_replace(window, [tmp_path / "w_A.png", tmp_path / "w_B.png"]) is yes
    assert "“w_A.png”" in seen[0] and "“w_B.png”" in seen[0]


def test_nobody_asks_qt_for_a_name_but_the_one_that_asks_before_replacing():
    folder = Path(studio.gui.__path__[0])
    users = [file.name for file in folder.rglob("*.py") if "getSaveFileName" in file.read_text(encoding="utf-8")]
    assert users == ["saving.py"]
