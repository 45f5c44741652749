"""Whatever is wrong with a project: it is refused in a sentence, or opened as far as it goes and fit to be saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.document import DocumentError, opening
from studio.progress import run_to_end
from tests.document.damaged import damaged_projects, do_not_wait
from tests.document.test_document import same


def test_two_hundred_damaged_projects_are_refused_or_read_and_can_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_not_wait(monkeypatch)
    opened = number = 0
    target = tmp_path / "again.out"
    for what, path in damaged_projects(tmp_path):
        number += 1
        before = path.read_bytes()
        try:
            found = run_to_end(opening(path))
        except DocumentError as error:
            assert str(error).endswith("."), what
            continue
        finally:
            assert path.read_bytes() == before, what
        opened += 1
        assert found.session is not None
        run_to_end(found.session.save(found.document, target))
        found.session.discard()
        again = run_to_end(opening(target))
        # Pairs outside of their picture are kept, for the history is of them, and told of each time.
        assert not [note for note in again.notes if "outside of its picture" not in note], (what, again.notes)
        assert same(again.document, found.document), what
        again.session.discard()
    assert number >= 200 and opened >= 180, (number, opened)


@pytest.mark.parametrize("column", ["view-value", "options-value"])
def test_the_file_that_is_damaged_says_so(tmp_path: Path, column: str) -> None:
    for what, path in damaged_projects(tmp_path):
        if path.name.startswith(column):
            found = run_to_end(opening(path))
            found.session.discard()
            assert found.notes and found.document.modified, what
