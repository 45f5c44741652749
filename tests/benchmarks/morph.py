"""Morphs at slider speed, beside two bare OpenCV remaps in the same run.

    python -m tests.benchmarks.morph [--runs 60] [--size 1280 720] [--pairs 30] [--film] [--json]

`frame` is one frame of a warm morph and `drag` a moved pair up to its new frame, both in linear light; `remap`
is two calls of `cv2.remap` on pictures of the same size with ready float maps, `fixed` with ready fixed-point
maps. `prepare` is all key fields. Rounds are taken in turns, so that a busy moment of the machine falls on all of
them; medians. `accuracy` is the largest and the 99th-percentile distance, in px, between a field and the warp's
own formula. `--film` writes 300 frames of 1080p and tells the memory that took, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np

from studio.morph.export import exporting
from studio.morph.options import ExportOptions, MorphOptions
from studio.morph.render import PreparedMorph, prepare
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from studio.warp.fields import moving_least_squares
from studio.warp.options import WarpKind
from studio.warp.point_warp import PointWarp
from studio.warp.splines import ThinPlate

TARGETS = {"frame_ms": 16.0, "frame_to_remap": 1.6, "prepare_ms": 150.0, "drag_ms": 33.0}


def pictures(size: tuple[int, int]) -> list[Picture]:
    """Two pictures of soft noise."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(2):
        noise = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        soft = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
        made.append(Picture.from_array(soft))
    return made


def scattered_pairs(size: tuple[int, int], count: int) -> PairSet:
    """Points at least a twentieth of the picture apart that move by waves of 30 px: no folds."""
    rng = np.random.default_rng(0)
    kept: list[np.ndarray] = []
    while len(kept) < count:
        point = rng.uniform(0.05, 0.95, 2) * size
        if all(np.hypot(*(point - other)) > min(size) / 20 for other in kept):
            kept.append(point)
    a = np.asarray(kept)
    return PairSet.from_arrays(a, a + 30 * np.stack([np.sin(a[:, 1] / 150), np.cos(a[:, 0] / 200)], axis=1))


def seconds(task: Callable[[], Any]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def drag_to(morph: PreparedMorph, pairs: PairSet, t: float, out: np.ndarray) -> None:
    morph.with_pairs(pairs).frame(t, out)


def warm_up(morph: PreparedMorph, pairs: PairSet) -> None:
    run_to_end(morph.with_pairs(pairs).warming())


def measure(size: tuple[int, int], pairs: PairSet, runs: int) -> dict[str, dict[str, float]]:
    a, b = pictures(size)
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    maps = np.dstack([x + 5 * np.sin(y / 40), y + 5 * np.cos(x / 50)]).astype(np.float32)
    fixed = cv2.convertMaps(maps, None, cv2.CV_16SC2)
    pulled = np.empty_like(a.pixels), np.empty_like(b.pixels)

    def remap(first: np.ndarray, second: np.ndarray | None) -> None:
        for picture, out in zip((a.pixels, b.pixels), pulled, strict=True):
            cv2.remap(picture, first, second, cv2.INTER_LINEAR, dst=out, borderMode=cv2.BORDER_REPLICATE)

    kinds = [kind for kind in get_args(WarpKind) if kind != "halfway"]
    morphs = {kind: prepare(a, b, pairs, MorphOptions.from_dict({"warp": kind})) for kind in kinds}
    for morph in morphs.values():
        run_to_end(morph.warming())
    out = np.empty_like(a.pixels)
    frame_ms: dict[str, list[float]] = {kind: [] for kind in kinds}
    drag_ms: dict[str, list[float]] = {kind: [] for kind in kinds}
    prepare_ms: dict[str, list[float]] = {kind: [] for kind in kinds}
    to_remap: dict[str, list[float]] = {kind: [] for kind in kinds}
    to_fixed: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(runs + 1):
        t = 0.05 + 0.9 * turn / runs
        moved = pairs.with_pair(replace(pairs[0], b=(pairs[0].b[0] + turn / 4, pairs[0].b[1])))
        for kind, morph in morphs.items():
            bare, bare_fixed = seconds(lambda: remap(maps, None)), seconds(lambda: remap(*fixed))
            frame = seconds(partial(morph.frame, t, out))
            drag = seconds(partial(drag_to, morph, moved, t, out))
            warm = seconds(partial(warm_up, morph, moved))
            if turn:  # the first round is for the caches
                frame_ms[kind].append(1e3 * frame)
                drag_ms[kind].append(1e3 * drag)
                prepare_ms[kind].append(1e3 * warm)
                to_remap[kind].append(frame / bare)
                to_fixed[kind].append(frame / bare_fixed)
    return {
        kind: {
            "frame_ms": statistics.median(frame_ms[kind]),
            "frame_to_remap": statistics.median(to_remap[kind]),
            "frame_to_fixed": statistics.median(to_fixed[kind]),
            "prepare_ms": statistics.median(prepare_ms[kind]),
            "drag_ms": statistics.median(drag_ms[kind]),
            **accuracy(kind, morphs[kind]),
        }
        for kind in kinds
    }


def accuracy(kind: str, morph: PreparedMorph) -> dict[str, float]:
    """Pixels between fields and formula, and between interpolated and exact moments."""
    size, controls = morph.size, morph.controls
    warp = PointWarp(controls, morph.options)
    between = max(
        float(np.abs(exact.dense() - found.dense()).max())
        for t in (0.1, 0.35, 0.6, 0.9)
        for exact, found in zip(warp.fields(t), morph.fields(t), strict=True)
    )
    if kind == "delaunay":
        return {"between_moments_px": between}
    places = np.random.default_rng(1).uniform(0, 1, (20_000, 2)) * (np.asarray(size) - 1)
    centres, targets = controls.at(0.5), controls.a
    if kind == "tps":
        expected = ThinPlate(centres, targets)(places)
    else:
        expected = moving_least_squares(places, centres, targets, kind.removeprefix("mls-"))  # type: ignore[arg-type]
    error = np.hypot(*(warp.fields(0.5)[0].at(places) - expected).T)
    return {
        "grid_px_99": float(np.quantile(error, 0.99)),
        "grid_px_most": float(error.max()),
        "between_moments_px": between,
    }


def film_memory(frames: int) -> dict[str, float]:
    """Peak memory of a process that writes a 1080p MP4, in MiB, and its seconds."""
    code = f"from tests.benchmarks.morph import write_film; write_film({frames})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def write_film(frames: int) -> None:
    """Write the film and print what it took."""
    size = (1920, 1080)
    morph = prepare(*pictures(size), scattered_pairs(size, 30), MorphOptions())
    run_to_end(morph.warming())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        options = ExportOptions(frames=frames, loop="once")
        took = seconds(lambda: run_to_end(exporting(morph, Path(folder) / "film.mp4", options)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"frames": frames, "peak_mib": peak, "of_that_film_mib": peak - before, "seconds": took}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 720), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--film", action="store_true", help="also write films and tell the memory")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    size = (options.size[0], options.size[1])
    figures: dict[str, Any] = {"warps": measure(size, scattered_pairs(size, options.pairs), options.runs)}
    if options.film:
        figures["films"] = [film_memory(frames) for frames in (100, 300)]
    if options.json:
        print(json.dumps(figures, indent=1))
        return
    print(f"{size[0]} x {size[1]}, {options.pairs} pairs, median of {options.runs}; built to " + str(TARGETS))
    for kind, values in figures["warps"].items():
        print(f"{kind:15s} " + "  ".join(f"{name} {value:.3g}" for name, value in values.items()))
    for film in figures.get("films", ()):
        print("film 1080p      " + "  ".join(f"{name} {value:.4g}" for name, value in film.items()))


if __name__ == "__main__":
    main()
