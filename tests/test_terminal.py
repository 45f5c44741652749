"""Progress as lines and as a bar, tables for people and for machines, the log file, flags made from a model."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pydantic
import pytest

from studio import logs, terminal
from studio.chatter import chatter_logged
from studio.flags import accepts, explain_refusal, flags_of
from studio.options import Options, knob
from studio.progress import Job, Progress


def counting(steps: int, phases: int = 1) -> Job[str]:
    for step in range(steps):
        yield Progress(step / steps, f"phase {step * phases // steps}: step {step}")
    return "done"


# --- progress ----------------------------------------------------------------------------------


def kept(events: list[tuple[float, str, float]]) -> list[float]:
    """The times of the events (fraction, message, seconds) that become lines."""
    pace = terminal.Pace()
    return [now for fraction, message, now in events if pace.wants(Progress(fraction, message), now)]


def test_lines_are_few_however_fast_a_job_reports() -> None:
    quick = [(step / 10_000, "working", step / 10_000) for step in range(10_000)]  # all within a second
    assert len(kept(quick)) == 1
    slow = [(step / 10_000, "working", step / 100) for step in range(10_000)]  # 100 seconds
    assert len(kept(slow)) == 10


def test_each_phase_gets_a_line() -> None:
    events = [(0.01 * number, f"level {5 - number}: searching", 2.0 * number) for number in range(5)]
    assert len(kept(events)) == 5


def test_a_new_attempt_gets_a_line_at_once() -> None:
    events = [(0.0, "matching", 0.0), (0.8, "matching", 5.0), (0.0, "Out of memory; trying again", 5.01)]
    assert kept(events) == [0.0, 5.0, 5.01]


def test_a_job_in_a_pipe_writes_plain_lines_on_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.drain(counting(50), "match") == "done"
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("match:   0% phase 0: step 0\n")
    assert "\x1b" not in written.err


def test_a_job_on_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert terminal.drain(counting(5), "match") == "done"
    assert "match" in capsys.readouterr().err


def test_interrupted_job_is_closed() -> None:
    closed = []

    def job() -> Job[None]:
        try:
            yield Progress(0.0, "working")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        terminal.drain(job(), "match")
    assert closed == [True]


def test_table_in_a_pipe_is_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.table(("name", "size"), [("a b", "1"), ("c", "22")])
    assert capsys.readouterr().out == "name\tsize\na b\t1\nc\t22\n"


# --- flags -------------------------------------------------------------------------------------


class Example(Options):
    kind: Literal["round", "square"] = knob("round", "Which shape.")
    count: int = knob(3, "How many.", minimum=0, maximum=50, special="all")
    width: float = knob(1.5, "How wide.", minimum=0.5, unit="px")
    smooth: bool = knob(False, "Whether it is smooth.")


def test_help_states_the_range() -> None:
    descriptions = {name: field.description for name, field in flags_of(Example).model_fields.items()}
    assert descriptions["count"] == "How many. [0 to 50, 0: all]"
    assert descriptions["width"] == "How wide. [0.5 or more px]"
    assert descriptions["smooth"] == "Whether it is smooth."
    assert Example.model_fields["count"].description == "How many."


def test_flags_validate_as_the_model_does() -> None:
    flags = flags_of(Example)
    assert Example.from_dict(flags(count=7).to_dict()) == Example(count=7)
    with pytest.raises(pydantic.ValidationError):
        flags(count=51)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"count": -1}, "--count takes a whole number (0 to 50, 0: all), not “-1”."),
        ({"count": "x"}, "--count takes a whole number (0 to 50, 0: all), not “x”."),
        ({"width": 0.1}, "--width takes a number (0.5 or more px), not “0.1”."),
        ({"kind": "oval"}, "--kind takes one of round, square, not “oval”."),
        ({"smooth": "often"}, "--smooth takes yes or no, not “often”."),
    ],
)
def test_refusal_names_flag_and_range(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Example(**values)
    assert explain_refusal(caught.value, Example) == sentence


def test_every_knob_says_what_it_accepts() -> None:
    assert [accepts(knob) for knob in Example.knobs()] == [
        "round, square",
        "0 to 50, 0: all",
        "0.5 or more px",
        "yes or no",
    ]


# --- the log -----------------------------------------------------------------------------------


@pytest.fixture
def log_file() -> Iterator[Path]:
    file = logs.set_up()
    assert file is not None
    yield file
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler) and Path(handler.baseFilename) == file:
            logging.getLogger().removeHandler(handler)
            handler.close()
    logging.captureWarnings(False)


def test_log_keeps_our_news_and_others_warnings(log_file: Path) -> None:
    logging.getLogger("studio.anything").info("a pair was found")
    logging.getLogger("a_library").info("chatter")
    logging.getLogger("a_library").warning("trouble")
    text = log_file.read_text(encoding="utf-8")
    assert "INFO    studio.anything: a pair was found" in text
    assert "chatter" not in text
    assert "trouble" in text


def test_set_up_twice_writes_each_line_once(log_file: Path) -> None:
    assert logs.set_up() == log_file
    logging.getLogger("studio").info("only once")
    assert log_file.read_text(encoding="utf-8").count("only once") == 1


def test_log_is_bounded(log_file: Path) -> None:
    for number in range(600):
        logging.getLogger("studio").info("%06d %s", number, "x" * 10_000)
    files = list(log_file.parent.glob(logs.FILE_NAME + "*"))
    assert 2 <= len(files) <= 4
    assert sum(file.stat().st_size for file in files) < 4_100_000
    assert "000599" in log_file.read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_errors_of_threads_are_logged(log_file: Path) -> None:
    def fail() -> None:
        raise ValueError("nobody catches this")

    thread = threading.Thread(target=fail, name="a worker")
    thread.start()
    thread.join()
    text = log_file.read_text(encoding="utf-8")
    assert "unhandled error in a worker" in text
    assert "ValueError: nobody catches this" in text


def test_errors_nobody_caught_are_logged_and_still_shown(private_folders: Path) -> None:
    code = (
        "import warnings; from studio import logs; logs.set_up(); logs.set_up()\n"
        "warnings.warn('an old way')\n"
        "raise ValueError('at the top')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ValueError: at the top" in done.stderr
    assert "an old way" not in done.stderr
    text = (private_folders / "logs" / logs.FILE_NAME).read_text(encoding="utf-8")
    assert text.count("ValueError: at the top") == 1
    assert "an old way" in text


def test_program_goes_on_without_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BUDDIES_STUDIO_LOGS", str(tmp_path / "file" / "logs"))
    assert logs.set_up() is None
    logging.getLogger("studio").info("into the void")


# --- what libraries print ----------------------------------------------------------------------

CHATTER = ("a word to the output", "a word to the error stream", "an old way", "in the_library")


def the_library() -> None:
    """Talks as libraries do: joblib's traceback where it can't count cores among it."""
    sys.stdout.write(CHATTER[0] + "\n")
    sys.stderr.write(CHATTER[1])
    warnings.warn(CHATTER[2], stacklevel=1)
    traceback.print_stack()


def test_what_a_library_prints_in_a_job_goes_to_the_log(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def job() -> Job[str]:
        yield Progress(0.0, "before")
        with warnings.catch_warnings(action="ignore"):
            the_library()
        yield Progress(1.0, "after", remark="a remark")
        return "done"

    assert terminal.drain(job(), "job") == "done"
    assert capsys.readouterr() == ("", "job:   0% before\na remark\n")
    kept = log_file.read_text(encoding="utf-8")
    assert all(words in kept for words in (CHATTER[0], CHATTER[1], CHATTER[3]))
    sys.stdout.write("the streams are back")
    assert capsys.readouterr().out == "the streams are back"


def test_a_failing_log_does_not_answer_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Python's logging complains of a handler that fails on the very stream that is logged."""

    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                raise OSError("the disk is full")
            except OSError:
                self.handleError(record)

    handler = Failing()
    logger = logging.getLogger("studio.chatter")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        with chatter_logged():
            sys.stdout.write("one line\nand one more")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_went_away_is_not_brought_back(monkeypatch: pytest.MonkeyPatch) -> None:
    gone, nowhere = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", gone)
    with chatter_logged():
        terminal.say("still there")
        sys.stderr = nowhere  # as `studio.signals` does
        terminal.say("cancelled")
    assert sys.stderr is nowhere
    assert (gone.getvalue(), nowhere.getvalue()) == ("still there\n", "cancelled\n")


def test_a_program_without_streams_says_it_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with chatter_logged():
        terminal.say("nobody reads this")
    assert sys.stderr is None
