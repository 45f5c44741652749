"""Films re-opened by other decoders, counted, timed and compared; cancelled ones leave nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.files import FileError
from studio.morph.export import check_film_path, exporting, film_moments, film_notes, recipe, save_field, save_still
from studio.morph.options import ExportOptions, MorphOptions
from studio.morph.render import PreparedMorph, prepare
from studio.morph.sequence import MorphError, MorphSequence
from studio.pairs import PairSet
from studio.picture import Picture, load
from studio.progress import run_to_end
from tests.morph.conftest import SIZE, scene


@pytest.fixture
def morph(a: Picture, b: Picture, pairs: PairSet) -> PreparedMorph:
    return prepare(a, b, pairs, MorphOptions())


@pytest.fixture
def clear_morph(pairs: PairSet) -> PreparedMorph:
    return prepare(scene(alpha=True), scene(phase=1.3, alpha=True), pairs, MorphOptions())


def film_options(**values: object) -> ExportOptions:
    return ExportOptions.from_dict({"frames": 7, "fps": 12.5, "loop": "once", **values})


def opened(path: Path, mode: str = "RGB") -> list[np.ndarray]:
    """All frames, by Pillow."""
    frames = []
    with Image.open(path) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            frames.append(np.asarray(image.convert(mode)).astype(int))
    return frames


def durations(path: Path) -> list[float]:
    shown = []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            shown.append(float(image.info["duration"]))
    return shown


def test_mp4_by_opencvs_decoder(morph: PreparedMorph, tmp_path: Path) -> None:
    import cv2

    path = run_to_end(exporting(morph, tmp_path / "film.mp4", film_options(quality=95)))
    video = cv2.VideoCapture(str(path))
    frames = []
    while True:
        there, frame = video.read()
        if not there:
            break
        frames.append(frame[..., ::-1].astype(int))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    video.release()
    assert len(frames) == 7
    for index, frame in enumerate(frames):
        assert np.abs(frame - morph.frame(index / 6)).mean() < 4


def test_mp4_says_how_it_was_made_and_of_what_colours(morph: PreparedMorph, tmp_path: Path) -> None:
    import av

    path = run_to_end(exporting(morph, tmp_path / "film.mp4", film_options(loop="ping-pong")))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.codec_context.pix_fmt, stream.width, stream.height) == ("yuv420p", *SIZE)
        assert stream.codec_context.colorspace == 1
        made = json.loads(container.metadata["comment"])
        assert sum(1 for _ in container.decode(video=0)) == 13  # there, and back to A
    assert made["morph"]["warp"] == "mls-rigid"
    assert len(made["legs"][0]["pairs"]) == 5


def test_odd_sizes_and_alpha_go_into_mp4(pairs: PairSet, tmp_path: Path) -> None:
    import cv2

    odd = prepare(scene((33, 21), alpha=True), scene((33, 21), 1.0, alpha=True), PairSet(), MorphOptions())
    path = run_to_end(exporting(odd, tmp_path / "odd.mp4", film_options(frames=2)))
    there, frame = cv2.VideoCapture(str(path)).read()
    assert there
    assert frame.shape == (22, 34, 3)
    assert frame[0, 0].min() > 240  # what is transparent lies on white


@pytest.mark.parametrize("suffix", [".mp4", ".MOV", ".mkv", ".gif", ".webp", ".apng", ""])
def test_no_film_loses_a_row_or_column_of_an_odd_size(suffix: str, tmp_path: Path) -> None:
    import cv2

    size = width, height = 33, 21
    there = np.full((height, width, 3), 128, np.uint8)
    there[-1], there[:, -1] = 240, 20
    odd = prepare(Picture.from_array(there, "a"), Picture.from_array(there, "b"), PairSet(), MorphOptions())
    path = run_to_end(exporting(odd, tmp_path / f"odd{suffix}", film_options(frames=2, quality=100)))
    if suffix.lower() in (".mp4", ".mov", ".mkv"):
        video = cv2.VideoCapture(str(path))
        found, frame = video.read()
        video.release()
        assert found
        assert frame.shape == (22, 34, 3)
        wanted = np.pad(there, ((0, 1), (0, 1), (0, 0)), mode="edge")
        assert np.abs(frame.astype(int) - wanted).max() < 20
        (note,) = film_notes(path, size)
        assert "34 x 22 px instead of 33 x 21" in note
    else:
        frame = opened(path if suffix else path / "frame_0001.png")[0]
        assert np.abs(frame - there).max() < 20
        assert film_notes(path, size) == ()
    assert film_notes(path, (32, 22)) == ()


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_other_containers_say_how_they_were_made(suffix: str, morph: PreparedMorph, tmp_path: Path) -> None:
    import av

    path = run_to_end(exporting(morph, tmp_path / f"film{suffix}", film_options(loop="ping-pong")))
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        told = {name.lower(): value for name, value in container.metadata.items()}
        assert sum(1 for _ in container.decode(video=0)) == 13
    assert len(json.loads(told["comment"])["legs"][0]["pairs"]) == 5


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_animations_are_all_there_and_keep_time(suffix: str, morph: PreparedMorph, tmp_path: Path) -> None:
    path = run_to_end(exporting(morph, tmp_path / f"film{suffix}", film_options(quality=95)))
    frames = opened(path)
    assert len(frames) == 7
    limit = {".gif": 1.5, ".webp": 3.0, ".apng": 0.0}[suffix]
    for index, frame in enumerate(frames):
        error = frame - morph.frame(index / 6).astype(int)
        if suffix == ".gif":  # dithering is right in the mean of a few pixels
            error = error.reshape(8, 8, 12, 8, 3).mean(axis=(1, 3))
        assert np.abs(error).mean() <= limit
    assert durations(path) == pytest.approx([80.0] * 7)


def test_gif_keeps_time_where_hundredths_do_not_suffice(morph: PreparedMorph, tmp_path: Path) -> None:
    path = run_to_end(exporting(morph, tmp_path / "film.gif", film_options(frames=31, fps=30)))
    assert sum(durations(path)) == pytest.approx(31 / 30 * 1000, abs=10)


@pytest.mark.parametrize("suffix", [".webp", ".apng"])
def test_alpha_is_kept(suffix: str, clear_morph: PreparedMorph, tmp_path: Path) -> None:
    path = run_to_end(exporting(clear_morph, tmp_path / f"film{suffix}", film_options(quality=100)))
    frames = opened(path, "RGBA")
    assert len(frames) == 7
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(frame, clear_morph.frame(index / 6))
    assert frames[3][..., 3].min() == 0
    assert frames[3][..., 3].max() == 255


def test_gif_has_holes(clear_morph: PreparedMorph, tmp_path: Path) -> None:
    frames = opened(run_to_end(exporting(clear_morph, tmp_path / "film.gif", film_options())), "RGBA")
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(frame[..., 3] > 0, clear_morph.frame(index / 6)[..., 3] >= 128)


@pytest.mark.parametrize(("suffix", "key"), [(".gif", "comment"), (".apng", "Recipe"), (".webp", "exif")])
def test_the_recipe_is_in_the_file(suffix: str, key: str, morph: PreparedMorph, tmp_path: Path) -> None:
    path = run_to_end(exporting(morph, tmp_path / f"film{suffix}", film_options()))
    with Image.open(path) as image:
        content = image.info[key]
        if suffix == ".webp":
            content = json.loads(image.getexif().get_ifd(0x8769)[0x9286][8:])["Recipe"]
    made = json.loads(content)
    assert made["export"]["frames"] == 7
    assert MorphOptions.from_dict(made["morph"]) == morph.options


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_loops(suffix: str, morph: PreparedMorph, tmp_path: Path) -> None:
    for loop, count, repeats in (("once", 4, False), ("loop", 4, True), ("ping-pong", 6, True)):
        path = run_to_end(exporting(morph, tmp_path / f"{loop}{suffix}", film_options(frames=4, loop=loop)))
        with Image.open(path) as image:
            assert image.n_frames == count
            times = image.info.get("loop", 1)
        assert times == (0 if repeats else 1)


def test_frames_in_a_folder(morph: PreparedMorph, tmp_path: Path) -> None:
    folder = run_to_end(exporting(morph, tmp_path / "frames", film_options()))
    files = sorted(path.name for path in folder.iterdir())
    assert files == [f"frame_{number:04d}.png" for number in range(1, 8)]
    np.testing.assert_array_equal(load(folder / "frame_0004.png").pixels, morph.frame(0.5))
    with pytest.raises(FileError, match="not empty"):
        run_to_end(exporting(morph, folder, film_options()))


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.gif", "film.webp", "film.apng", "frames"])
def test_a_film_that_is_given_up_leaves_nothing(name: str, morph: PreparedMorph, tmp_path: Path) -> None:
    job = exporting(morph, tmp_path / name, film_options(frames=50))
    for _ in range(9):
        event = next(job)
    assert event.fraction == pytest.approx(9 / 50)
    assert list(tmp_path.iterdir())
    job.close()
    assert not list(tmp_path.iterdir())


def test_a_failed_film_leaves_the_old_one(
    morph: PreparedMorph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")
    job = exporting(morph, path, film_options())
    next(job)
    monkeypatch.setattr(MorphSequence, "frame", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(job)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.gif"]


def test_what_can_not_be_written_is_refused_first(morph: PreparedMorph, tmp_path: Path) -> None:
    for name, error, word in (
        ("film.avi", MorphError, "is not a film"),
        ("nowhere/film.gif", FileError, "no folder"),
    ):
        with pytest.raises(error, match=word):
            check_film_path(tmp_path / name)
    wide = MorphSequence([prepare(scene((17000, 2)), scene((17000, 2)), PairSet(), MorphOptions())])
    wide.legs[0].plates.__dict__.update(a=np.zeros((1, 17000, 3), np.uint8))
    with pytest.raises(MorphError, match="16383"):
        run_to_end(exporting(wide, tmp_path / "film.webp", film_options()))


def test_gif_refuses_what_it_would_show_slower(morph: PreparedMorph, tmp_path: Path) -> None:
    with pytest.raises(MorphError, match="at most 50"):
        run_to_end(exporting(morph, tmp_path / "film.gif", film_options(fps=60)))
    assert not list(tmp_path.iterdir())


def test_moments_of_films() -> None:
    assert film_moments(2, film_options(frames=3)) == [0, 0.5, 1, 1.5, 2]
    assert film_moments(1, film_options(frames=3, loop="ping-pong"), comes_to_rest=True) == [0, 0.5, 1, 0.5, 0]
    assert len(film_moments(1, film_options(seconds=2, fps=10))) == 21


def test_a_long_film_takes_no_more_memory_than_a_short_one(morph: PreparedMorph, tmp_path: Path) -> None:
    import tracemalloc

    peaks = []
    for frames in (10, 80):
        for suffix in (".gif", ".apng", ".webp", ".mp4"):
            tracemalloc.start()
            run_to_end(exporting(morph, tmp_path / f"film{suffix}", film_options(frames=frames)))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    one_frame = SIZE[0] * SIZE[1] * 3
    for short, long in zip(peaks[:4], peaks[4:], strict=True):
        assert long - short < 10 * one_frame  # of the 70 frames more


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_fields_as_files(suffix: str, morph: PreparedMorph, tmp_path: Path) -> None:
    field = morph.fields(0.5)[0]
    path = tmp_path / f"field{suffix}"
    save_field(field, path)
    if suffix == ".npy":
        found = np.load(path)
    else:
        import cv2

        there, pages = cv2.imreadmulti(str(path), flags=cv2.IMREAD_UNCHANGED)
        assert there
        found = np.dstack(pages)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, field.dense())
    with pytest.raises(MorphError, match=r"\.npy or \.tif"):
        save_field(field, tmp_path / "field.exr")


def test_stills_carry_their_recipe(morph: PreparedMorph, tmp_path: Path) -> None:
    save_still(morph.frame(0.25), tmp_path / "still.png", morph, 0.25)
    with Image.open(tmp_path / "still.png") as image:
        made = json.loads(image.info["Recipe"])
        np.testing.assert_array_equal(np.asarray(image), morph.frame(0.25))
    assert made["t"] == 0.25
    assert made["legs"] == json.loads(json.dumps(recipe(MorphSequence([morph]))))["legs"]
