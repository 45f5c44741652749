"""The command line from end to end: through `main`, and in processes of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import studio
from studio import launch, samples
from studio.__main__ import main
from studio.buddies.options import MatchOptions
from studio.pairs import read_pairs

SHIFT = (24, 16)
"""How far picture B's window is to the right of and below picture A's, in pixels."""

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two overlapping windows of one photograph, so that every true pair is known."""
    folder = tmp_path_factory.mktemp("pictures")
    photograph = data.chelsea()
    names = []
    for name, (x, y) in (("a.png", (60, 20)), ("b.png", (60 + SHIFT[0], 20 + SHIFT[1]))):
        Image.fromarray(photograph[y : y + 224, x : x + 256]).save(folder / name)
        names.append(str(folder / name))
    return names[0], names[1]


def child(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "studio", *arguments]
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.pop("QT_QPA_PLATFORM", None)
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8"
    )


QUICK = ("--finest-level", "4", "--working-size", "128")
"""For the commands that only have to come to their end."""


def single_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text.strip()


# --- match -------------------------------------------------------------------------------------


def test_match_writes_every_format_and_an_overlay(pictures: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    csv_file, json_file, text_file, overlay = (tmp_path / f"pairs.{kind}" for kind in ("csv", "json", "txt", "png"))
    outs = [word for file in (csv_file, json_file, text_file) for word in ("--out", str(file))]
    flags = [
        "--overlay",
        str(overlay),
        "--preset",
        "paper",
        "--pairs",
        "10",
        "--device",
        "cpu",
        "--working-size",
        "128",
    ]
    assert main(["match", *pictures, *outs, *flags]) == 0
    said = capsys.readouterr()
    partner = tmp_path / "pairs_B.txt"
    assert said.out.splitlines() == [str(file) for file in (csv_file, json_file, text_file, partner, overlay)]
    found = read_pairs(csv_file)
    assert 0 < len(found) <= 10
    assert f"{len(found)} pairs" in said.err
    offset = np.median(found.a - found.b, axis=0)
    assert np.abs(offset - SHIFT).max() < 2
    np.testing.assert_allclose(read_pairs(json_file).a, found.a)
    assert np.abs(read_pairs(text_file).b - found.b).max() <= 0.5
    with Image.open(overlay) as drawn:
        assert drawn.width > 2 * 224
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "pairs.csv",
        "pairs.json",
        "pairs.png",
        "pairs.txt",
        "pairs_B.txt",
    ]


def test_match_without_out_prints_csv_in_a_pipe(pictures: tuple[str, str], capsys: Capture) -> None:
    assert main(["match", *pictures, "--pairs", "5", "--finest-level", "3"]) == 0
    written = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(written.out)))
    assert 0 < len(rows) <= 5
    assert {"ax", "ay", "bx", "by", "rank"} <= set(rows[0])
    assert "\x1b" not in written.err


def test_points_of_ones_own_are_transferred_to_where_they_lie(
    pictures: tuple[str, str], tmp_path: Path, capsys: Capture
) -> None:
    points = np.array([[60.0, 40.0], [120.5, 90.25], [180.0, 150.0], [90.0, 160.0]])
    asked, told = tmp_path / "asked.csv", tmp_path / "told.csv"
    asked.write_text("name, x, y\n" + "".join(f"spot,{x},{y}\n" for x, y in points), encoding="utf-8")
    assert main(["match", *pictures, "--transfer", str(asked), "--transferred", str(told)]) == 0
    assert capsys.readouterr().out.split() == [str(told)]
    transferred = read_pairs(told)
    np.testing.assert_allclose(transferred.a, points)
    assert np.abs(transferred.a - transferred.b - SHIFT).max() < 4
    assert [pair.id for pair in transferred] == [1, 2, 3, 4] and min(pair.confidence for pair in transferred) > 0.3
    assert main(["match", *pictures, "--carry", str(asked)]) == 0  # its name before, which scripts use
    assert [row["id"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,y\n3,4\n300,4\n", "Point 2 to carry, (300, 4), lies outside of A (256 x 224 px)"),
        ("a,b\n3,4\n", "must name the columns x, y"),
        ("x,y\n3,4\n5\n", "Row 2 of “asked.csv” is no point"),
        ("x,y\nnan,4\n", "Row 1 of “asked.csv” is no point"),
    ],
)
def test_points_that_are_none_are_refused_in_a_sentence(
    pictures: tuple[str, str], text: str, words: str, tmp_path: Path, capsys: Capture
) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text(text, encoding="utf-8")
    assert main(["match", *pictures, "--transfer", str(asked), "--transferred", str(tmp_path / "told.csv")]) == 1
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "told.csv").exists()


def test_transferred_without_transfer_is_refused(pictures: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["match", *pictures, "--transferred", str(tmp_path / "told.csv")]) == 1
    assert "there is no --transfer" in single_line(capsys.readouterr().err)


def test_match_on_a_terminal_prints_a_table(
    pictures: tuple[str, str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(["match", *pictures, "--pairs", "5", "--finest-level", "3"]) == 0
    written = capsys.readouterr().out
    assert "confidence" in written
    assert "ax,ay" not in written


def test_zero_pairs_means_all(pictures: tuple[str, str], capsys: Capture) -> None:
    assert main(["match", *pictures, "--pairs", "0", "--finest-level", "3"]) == 0
    everything = len(capsys.readouterr().out.splitlines())
    assert main(["match", *pictures, "--pairs", "3", "--finest-level", "3"]) == 0
    assert everything > len(capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("backbone", ["buddynet", "squeezenet1_0"])
def test_weights_of_the_users(backbone: str, pictures: tuple[str, str], shared_dir: Path, capsys: Capture) -> None:
    weights = {
        "buddynet": Path(studio.__file__).parents[1] / "resources" / "models" / "buddynet.safetensors",
        "squeezenet1_0": shared_dir / "weights" / "squeezenet1_0.safetensors",
    }[backbone]
    flags = ["--backbone", backbone, "--weights", str(weights), "--finest-level", "3"]
    assert main(["match", *pictures, *flags]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 1


def test_every_knob_is_a_flag(capsys: Capture) -> None:
    assert main(["match", "--help"]) == 0
    page = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for knob in MatchOptions.knobs():
        assert "--" + knob.name.replace("_", "-") in page
        assert knob.help.split(".")[0] in page
    assert "0 to 2000" in page


# --- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--pairs", "-3"], "--pairs takes a whole number (0 to 2000, 0: all), not “-3”."),
        (["--pairs", "many"], "--pairs takes a whole number (0 to 2000, 0: all), not “many”."),
        (["--preset", "best"], "--preset takes one of paper, official, fast, not “best”."),
        (["--activation-threshold", "1.5"], "--activation-threshold takes a number (0 to 1), not “1.5”."),
        (["--backbone", "vgg20"], "There is no backbone “vgg20”"),
        (["--colour", "red"], "--colour"),
        (["c.png"], "“c.png” is one argument too many."),
    ],
)
def test_wrong_usage(words: list[str], sentence: str, pictures: tuple[str, str], capsys: Capture) -> None:
    assert main(["match", *pictures, *words]) == 2
    said = capsys.readouterr()
    assert sentence in single_line(said.err)
    assert "match --help" in said.err
    assert said.out == ""


def test_missing_argument_is_wrong_usage(capsys: Capture) -> None:
    assert main(["match", "a.png"]) == 2
    assert "B" in single_line(capsys.readouterr().err)


def test_pictures_that_cannot_be_read(pictures: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    whole = Path(pictures[0]).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    for name in ("text.png", "empty.png", "cut.png", "missing.png", "."):
        assert main(["match", str(tmp_path / name), pictures[1]]) == 1
        last = capsys.readouterr().err.splitlines()[-1]
        assert last.startswith("buddies-studio: ")
        assert (tmp_path / name).name in last


def test_targets_are_refused_before_the_work(pictures: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    for flags in (
        ["--out", str(tmp_path / "pairs.xls")],
        ["--out", str(tmp_path / "nowhere" / "pairs.csv")],
        ["--overlay", str(tmp_path / "overlay.csv")],
    ):
        assert main(["match", *pictures, *flags]) == 1
        single_line(capsys.readouterr().err)


def test_unknown_device_is_one_sentence(pictures: tuple[str, str], capsys: Capture) -> None:
    assert main(["match", *pictures, "--device", "abacus"]) == 1
    assert "abacus" in capsys.readouterr().err.splitlines()[-1]


def test_neither_picture_nor_command(capsys: Capture) -> None:
    assert main(["mathc"]) == 1
    sentence = single_line(capsys.readouterr().err)
    assert "mathc" in sentence
    assert "match, " in sentence


def test_verbose_shows_where(tmp_path: Path, capsys: Capture) -> None:
    arguments = ["match", str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    assert main(arguments) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main(["--verbose", *arguments]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert main([*arguments, "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_bug_is_one_line_and_in_the_log(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, private_folders: Path, pictures: tuple[str, str]
) -> None:
    import studio.picture

    def broken(_path: Path) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(studio.picture, "loading", broken)
    assert main(["match", *pictures]) == 1
    sentence = single_line(capsys.readouterr().err)
    assert "bug" in sentence
    assert "surprise" in sentence
    (log,) = (private_folders / "logs").glob("*.log")
    assert str(log) in sentence
    assert "Traceback" in log.read_text(encoding="utf-8")


# --- models, version, help ---------------------------------------------------------------------


def test_models_list_is_for_machines_in_a_pipe(capsys: Capture) -> None:
    assert main(["models", "list"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    names = [row[0] for row in rows[1:]]
    assert {"buddynet", "vgg19", "squeezenet1_1"} <= set(names)
    assert rows[1 + names.index("buddynet")][3] == "built in"
    assert "548 MB" in rows[1 + names.index("vgg19")][3]
    assert len({len(row) for row in rows}) == 1


def test_models_where_and_fetch(capsys: Capture, private_folders: Path) -> None:
    assert main(["models", "where"]) == 0
    assert Path(capsys.readouterr().out.strip()).is_relative_to(private_folders)
    assert main(["models", "fetch", "buddynet"]) == 0
    assert Path(capsys.readouterr().out.strip()).is_file()
    assert main(["models", "fetch", "vgg20"]) == 2


def test_fetch_without_a_network_is_one_sentence(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUDDIES_STUDIO_WEIGHTS_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("studio.backbones.download.PAUSES", (0.0,), raising=True)
    assert main(["models", "fetch", "squeezenet1_1"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("buddies-studio: ")


def test_version_tells_what_it_stands_on(capsys: Capture) -> None:
    import torch
    from PySide6.QtCore import qVersion

    assert main(["--version"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"buddies-studio {studio.__version__}\n")
    for version in (torch.__version__.partition("+")[0], qVersion()):
        assert version in text
    assert "device cpu: " in text


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["match", "--help"], ["models", "fetch", "--help"]])
def test_help_goes_to_the_output_stream(words: list[str], capsys: Capture) -> None:
    assert main(words) == 0
    written = capsys.readouterr()
    assert "Usage: buddies-studio" in written.out
    assert written.err == ""


# --- demo --------------------------------------------------------------------------------------


def test_demo_where_nothing_can_be_written(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").touch()
    assert main(["demo", "--no-window", "--out", str(tmp_path / "file")]) == 1
    assert "--out" in single_line(capsys.readouterr().err)


@pytest.fixture
def one_sample(monkeypatch: pytest.MonkeyPatch) -> str:
    """The demo with its quickest sample only; `test_wheel` runs all of it."""
    key = "drawn-pair"
    monkeypatch.setattr(samples, "SAMPLES", {key: samples.SAMPLES[key]})
    return key


@pytest.mark.parametrize("screen", [True, False])
def test_demo_opens_the_window_where_there_is_a_screen(
    screen: bool, one_sample: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_window(*, sample: str) -> int:
        opened.append(sample)
        return 0

    monkeypatch.setattr(launch, "why_no_window", lambda: None if screen else "There is no display here.")
    monkeypatch.setattr(launch, "open_window", open_window)
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    out = tmp_path / "buddies-demo"
    said = capsys.readouterr().out
    assert str(out) in said
    assert len(read_pairs(out / f"{one_sample}.csv")) > 0
    with Image.open(out / f"{one_sample}.png") as drawn:
        assert drawn.width > drawn.height
    assert opened == ([one_sample] if screen else [])
    assert ("There is no display here." in said) is not screen


def test_demo_without_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "SAMPLES", {})
    monkeypatch.setattr(launch, "open_window", lambda **_: pytest.fail("the window was opened"))
    monkeypatch.setattr(launch, "why_no_window", lambda: None)
    assert main(["demo", "--no-window", "--out", str(tmp_path / "a" / "b")]) == 0
    assert (tmp_path / "a" / "b").is_dir()


# --- processes ---------------------------------------------------------------------------------


def test_streams_and_exit_code_of_a_process(pictures: tuple[str, str], tmp_path: Path) -> None:
    done = child("match", *pictures, "--out", "pairs.json", *QUICK, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "pairs.json\n"
    assert json.loads((tmp_path / "pairs.json").read_text(encoding="utf-8"))["pairs"]
    lines = done.stderr.splitlines()
    assert all(line.startswith("match: ") for line in lines[:-1])
    assert len(lines) < 40
    assert "\x1b" not in done.stderr
    assert "\r" not in done.stderr
    wrong = child("match", *pictures, "--pairs", "x", folder=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")


def test_what_libraries_print_stays_out_of_the_streams(
    pictures: tuple[str, str], tmp_path: Path, private_folders: Path
) -> None:
    """joblib, below k-means, prints a traceback on machines that don't tell their cores; others warn or just print."""
    code = (
        "import traceback, warnings\n"
        "import sklearn.cluster\n"
        "from studio.__main__ import main\n"
        "fit = sklearn.cluster.KMeans.fit\n"
        "def talking(self, *given, **named):\n"
        "    warnings.warn('no cores were found')\n"
        "    traceback.print_stack()\n"
        "    print('a word to the output')\n"
        "    return fit(self, *given, **named)\n"
        "sklearn.cluster.KMeans.fit = talking\n"
        f"raise SystemExit(main({['match', *pictures, '--out', 'p.json', *QUICK, '--pairs', '3']!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, "p.json\n"), done.stderr
    lines = done.stderr.splitlines()
    assert all(line.startswith("match: ") for line in lines[:-1]) and lines[-1].startswith("3 pairs")
    (log,) = private_folders.glob("logs/*.log")
    kept = log.read_text(encoding="utf-8")
    assert all(words in kept for words in ("no cores were found", "in talking", "a word to the output"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has machines without a display")
def test_window_without_a_display_is_one_sentence(pictures: tuple[str, str]) -> None:
    for arguments in ([], list(pictures)):
        done = child(*arguments)
        assert done.returncode == 1
        assert "no display" in single_line(done.stderr)


@pytest.mark.skipif(os.name != "posix", reason="a pipe is closed in the POSIX way")
def test_reader_that_has_enough(pictures: tuple[str, str]) -> None:
    command = [sys.executable, "-m", "studio", "models", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.skipif(os.name != "posix", reason="Ctrl+C is sent as a signal")
def test_interrupt_ends_with_130_and_leaves_no_file(pictures: tuple[str, str], tmp_path: Path) -> None:
    flags = ["--working-size", "1024", "--out", str(tmp_path / "pairs.csv"), "--overlay", str(tmp_path / "pairs.png")]
    command = [sys.executable, "-m", "studio", "match", *pictures, *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        guard = threading.Timer(60, process.kill)
        guard.start()
        assert process.stderr and process.stdout
        for line in process.stderr:
            if line.startswith("match:"):
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        output = process.stdout.read()
        guard.cancel()
    assert process.returncode == 130
    assert "cancelled" in rest.splitlines()[-1]
    assert "Traceback" not in rest
    assert output == ""
    assert list(tmp_path.iterdir()) == []


def test_pictures_with_nothing_in_common_are_told_and_give_no_pairs(tmp_path: Path, capsys: Capture) -> None:
    for name in ("chelsea", "coffee"):
        Image.fromarray(getattr(data, name)()).save(tmp_path / f"{name}.png")
    words = ["match", str(tmp_path / "chelsea.png"), str(tmp_path / "coffee.png"), "--out", str(tmp_path / "pairs.csv")]
    assert main(words) == 0
    assert "nothing in common" in capsys.readouterr().err
    assert len(read_pairs(tmp_path / "pairs.csv")) == 0
