"""How far the pairs of a picture and itself, turned, mirrored, scaled or moved, lie from the truth.

    python -m tests.benchmarks.turned [--pictures FILE ...] [--backbone NAME] [--weights FILE] [--preset P] [--pairs N]
                                      [--no-turned] [--json] [--cost REPEATS]

Without `--pictures` they are the astronaut, the cat and the coffee of scikit-image. Of each the middle square is
brought to 224 px; B is drawn from it by one similarity around its middle, beyond the edge mirrored. An error is how far
the point of B lies from where the similarity takes the point of A, in px of those 224; pairs whose point of A leaves
the picture count as any other. Tells for each way the number of pairs of all pictures, the median error, and the share
within 10 px. `--cost` tells instead how much longer a match takes that asks which way B is turned: processor time, the
median of so many matches of the first two pictures with and without, one after the other.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studio.arrays import Pixels, Points, Reals
from tests.benchmarks.pck import SIDE

CLOSE = 10.0


def similarity(angle: float = 0.0, scale: float = 1.0, move: tuple[float, float] = (0.0, 0.0), mirrored: bool = False):
    """The affine map, (2, 3), of points (x, y) of A to B: mirrored, then turned by degrees, scaled and moved, px."""
    turn = np.radians(angle)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = linear @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    middle = np.full(2, (SIDE - 1) / 2)
    return np.column_stack([linear, middle - linear @ middle + move])


WAYS: dict[str, Reals] = {
    "as it is": similarity(),
    "turned by 10 degrees": similarity(10),
    "turned by 30 degrees": similarity(30),
    "turned by 90 degrees": similarity(90),
    "turned by 180 degrees": similarity(180),
    "turned by 270 degrees": similarity(270),
    "turned by 100 degrees": similarity(100),
    "mirrored": similarity(mirrored=True),
    "mirrored, turned by 90 degrees": similarity(90, mirrored=True),
    "scaled to 0.7": similarity(scale=0.7),
    "scaled to 1.4": similarity(scale=1.4),
    "moved by 40 and 25 px": similarity(move=(40, 25)),
}


def squares(files: Sequence[Path]) -> list[Pixels]:
    """The middle squares of pictures, (SIDE, SIDE, 3)."""
    import cv2
    from skimage import data

    from studio.picture import load

    found = [load(file).pixels for file in files] or [data.astronaut(), data.chelsea(), data.coffee()]
    cut = []
    for pixels in found:
        height, width = pixels.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        middle = np.ascontiguousarray(pixels[top : top + side, left : left + side])
        cut.append(cv2.resize(middle, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8))
    return cut


def drawn(pixels: Pixels, way: Reals) -> Pixels:
    """A picture moved by an affine map of its points."""
    import cv2

    moved = cv2.warpAffine(pixels, way, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return moved.astype(np.uint8)


def errors(a: Points, b: Points, way: Reals) -> Reals:
    """(N,) px between points of B and where the points of A belong."""
    return np.hypot(*(a @ way[:, :2].T + way[:, 2] - b).T)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of the module's first sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=Path, nargs="+", default=[])
    parser.add_argument("--backbone", default="buddynet")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--pairs", type=int, default=24, help="pairs that each match keeps; 0 for all")
    parser.add_argument("--no-turned", dest="turned", action="store_false", help="B as it is, always")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cost", type=int, default=0, metavar="REPEATS")
    chosen = parser.parse_args(arguments)

    from studio.backbones import load_backbone
    from studio.buddies import MatchMemory, MatchOptions, match
    from studio.picture import Picture
    from studio.progress import run_to_end

    backbone = run_to_end(load_backbone(chosen.backbone, chosen.weights, chosen.device))
    options = MatchOptions(preset=chosen.preset, pairs=chosen.pairs, working_size=SIDE, turned=chosen.turned)
    pictures = squares(chosen.pictures)
    if chosen.cost:
        times: dict[bool, list[float]] = {True: [], False: []}
        first, second = (Picture.from_array(pixels) for pixels in pictures[:2])
        for number in range(2 * chosen.cost + 2):
            asks = number % 2 == 0
            begun = time.process_time()
            run_to_end(match(first, second, backbone, options.with_values(turned=asks)))
            if number >= 2:  # the first of each warm up
                times[asks].append(time.process_time() - begun)
        asked, plain = (statistics.median(times[asks]) for asks in (True, False))
        print(f"a match that asks for turns {asked:.2f} s, without {plain:.2f} s: {asked / plain:.2f} x")
        return
    rows: dict[str, dict[str, Any]] = {}
    for name, way in WAYS.items():
        away, turns = [], 0
        for pixels in pictures:
            memory = MatchMemory()
            a, b = Picture.from_array(pixels), Picture.from_array(drawn(pixels, way))
            pairs = run_to_end(match(a, b, backbone, options, memory=memory))
            away.append(errors(pairs.a, pairs.b, way))
            turns += memory.held is not None and bool(memory.held.plan.turn_a or memory.held.plan.turn_b)
        every = np.concatenate(away)
        rows[name] = {
            "pairs": len(every),
            "median": float(np.median(every)) if len(every) else None,
            "close": float((every <= CLOSE).mean()) if len(every) else None,
            "worst": min((float((one <= CLOSE).mean()) if len(one) else 0.0) for one in away),
            "turned": turns,
        }
    if chosen.json:
        print(json.dumps({"backbone": chosen.backbone, "ways": rows}, indent=1))
        return
    print(f"Pictures and themselves with {backbone.title}: {len(pictures)} pictures, px of {SIDE}")
    for name, row in rows.items():
        if not row["pairs"]:
            print(f"  {name:32} no pairs")
            continue
        print(
            f"  {name:32} median {row['median']:6.1f} px, {row['close']:4.0%} within {CLOSE:.0f} px (worst picture"
            f" {row['worst']:4.0%}) of {row['pairs']} pairs; turned in {row['turned']} matches"
        )


if __name__ == "__main__":
    main()
