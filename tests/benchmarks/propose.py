"""How long a click takes to get its partner from cached features, and how long a match of a part takes.

    python -m tests.benchmarks.propose [--backbone NAME] [--size PX] [--clicks N] [--threads N] [--cpu-time] [--json]

The pictures and the generated weights are those of `tests.benchmarks.match`. After one match, points of a grid are
proposed in turn from A to B and from B to A, with the pairs of the match; then the match around one pair is
repeated. On a machine that is busy with other things `--threads 1 --cpu-time` tells more.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

import numpy as np

from tests.benchmarks.match import network, pictures, timed


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of the module's first sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backbone", default="buddynet")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)

    import torch

    from studio.buddies import MatchMemory, MatchOptions, match, propose
    from studio.buddies.rematch import around
    from studio.progress import run_to_end

    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    clock = time.process_time if chosen.cpu_time else time.perf_counter
    backbone, (a, b) = network(chosen.backbone, None, chosen.device), pictures()
    memory, options = MatchMemory(), MatchOptions(working_size=chosen.size)
    whole, pairs = timed(lambda: run_to_end(match(a, b, backbone, options, memory=memory)), clock)
    rng, clicks = np.random.default_rng(0), []
    for number in range(chosen.clicks):
        side, picture = ("A", a) if number % 2 == 0 else ("B", b)
        point = tuple(rng.uniform(0, np.array(picture.size) - 1).tolist())
        clicks.append(timed(lambda side=side, point=point: propose(memory, side, point, pairs), clock)[0] * 1000)
    part = timed(lambda: run_to_end(around(a, b, backbone, options, pairs, pairs[0].id, memory)), clock)[0]
    told = {
        "backbone": chosen.backbone,
        "size": chosen.size,
        "click_ms": float(np.median(clicks)),
        "click_p99_ms": float(np.percentile(clicks, 99)),
        "first_click_ms": clicks[0],
        "part_ms": part * 1000,
        "match_ms": whole * 1000,
        "memory_mb": memory.nbytes / 1e6,
    }
    if chosen.json:
        print(json.dumps(told, indent=1))
        return
    print(
        f"{chosen.backbone} at {chosen.size} px: a click {told['click_ms']:.0f} ms (99 % under"
        f" {told['click_p99_ms']:.0f} ms, the first {told['first_click_ms']:.0f} ms), around a pair"
        f" {told['part_ms']:.0f} ms, the whole match {told['match_ms']:.0f} ms; features {told['memory_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
