"""How long it takes to draw many pairs over two pictures, beside drawing a bare dot and a bare line for each.

    python -m tests.benchmarks.overlay [--pairs N] [--repeat N] [--json]

Seconds of the processor, for machines are busy; the least of some repetitions.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from studio.overlay import draw_pairs, pair_color
from studio.pairs import PairSet
from studio.picture import Picture


def seconds(work: Callable[[], object], repeat: int) -> float:
    found = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def bare(pairs: PairSet, shape: tuple[int, ...]) -> Image.Image:
    """On a film three times as large as the drawing, reduced to its size: what smoothness costs at least."""
    size = shape[1] * 3, shape[0] * 3
    film = Image.new("RGBA", size)
    draw = ImageDraw.Draw(film)
    for pair in pairs:
        draw.line((*pair.a, *pair.b), pair_color(pair.id), 3)
        for x, y in (pair.a, pair.b):
            draw.ellipse((x - 6, y - 6, x + 6, y + 6), pair_color(pair.id))
    return film.resize((shape[1], shape[0]), Image.Resampling.BOX)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of the module's first sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    a, b = (Picture.from_array(getattr(data, name)()) for name in ("chelsea", "astronaut"))
    random = np.random.default_rng(0)
    places = random.random((chosen.pairs, 2))
    there = np.clip(places + random.normal(0, 0.02, places.shape), 0, 0.999)
    pairs = PairSet.from_arrays(places * a.size, there * b.size)
    shape = draw_pairs(a, b, PairSet()).shape
    drawn = seconds(lambda: draw_pairs(a, b, pairs), chosen.repeat)
    few = seconds(lambda: draw_pairs(a, b, PairSet(pairs.pairs[:24])), chosen.repeat)
    plain = seconds(lambda: bare(pairs, shape), chosen.repeat)
    told = {"pairs": chosen.pairs, "drawn_s": drawn, "of_24_s": few, "bare_s": plain, "ratio": drawn / plain}
    print(json.dumps(told) if chosen.json else "\n".join(f"{key}: {value:.4g}" for key, value in told.items()))


if __name__ == "__main__":
    main()
