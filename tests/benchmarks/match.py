"""How long a match takes, as a ratio to two bare passes of the network, and how much memory.

    python -m tests.benchmarks.match [--backbone NAME] [--weights FILE] [--size PX] [--repeats N] [--presets P ...]
                                     [--device NAME] [--threads N] [--cpu-time] [--no-biases] [--no-loops] [--no-memory]
                                     [--json]

Without `--weights` the network has generated weights with small random biases, and the pictures are the
astronaut and the cat of scikit-image. Each repeat runs two bare passes to the coarsest level and then each
preset, so that a busy machine slows all of them alike; medians are reported, and the smallest ratio of one
repeat. On a machine that is busy with other things `--threads 1 --cpu-time` tells more. How many steps the
inversion of `official` takes depends on the weights, so they are counted; with `--no-biases` it stands still at
zero and takes the least number, 6 for each picture and level. Memory is the peak of a fresh
process above that of one that only ran the bare passes. The plain loops are `tests/buddies/reference.py` at
a small size, with the network's passes done already.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PRESETS = ("paper", "fast", "official")
SMALL = 64


def pictures() -> tuple[Any, Any]:
    """Two photographs that come with scikit-image."""
    from skimage import data

    from studio.picture import Picture

    return Picture.from_array(data.astronaut()[:400, :400]), Picture.from_array(data.chelsea()[:, :300])


def network(name: str, weights: Path | None, device: str, biases: bool = True) -> Any:
    """The backbone with its weights, or with generated ones."""
    import torch
    from torch import nn

    from studio.backbones import CATALOG, build_backbone, load_backbone
    from studio.progress import run_to_end

    if weights is not None or CATALOG[name].built_in:
        return run_to_end(load_backbone(name, weights, device))
    backbone = build_backbone(name, device=device)
    torch.manual_seed(0)
    for level in backbone.levels:
        for module in backbone.stage(level.number).modules():
            if biases and isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.uniform_(module.bias, -0.1, 0.2)
    return backbone


def bare(backbone: Any, a: Any, b: Any, size: int) -> None:
    """One pass to the coarsest level for each picture."""
    for picture in (a, b):
        last = backbone.features(picture.tensor((size, size)), [len(backbone.levels)])
        next(iter(last.values())).sum().item()  # waits for a GPU


def once(backbone: Any, a: Any, b: Any, preset: str, size: int) -> tuple[int, int]:
    """Run a match; how many pairs it found and how many steps its inversions took."""
    from studio.buddies import MatchOptions, match
    from studio.progress import run_to_end

    messages: list[str] = []
    options = MatchOptions(preset=preset, working_size=size)
    pairs = run_to_end(match(a, b, backbone, options), lambda event: messages.append(event.message))
    return len(pairs), sum("adapting" in message for message in messages)


def timed(work: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    """Seconds by `clock`, and what `work` gives."""
    start = clock()
    result = work()
    return clock() - start, result


def loops(backbone: Any, a: Any, b: Any, clock: Callable[[], float]) -> dict[str, float]:
    """Seconds of the plain loops and of two presets at a small size; the loops' features are there already."""
    from tests.buddies import reference

    maps = [
        {number: map_[0].double().cpu().numpy() for number, map_ in backbone.features(x.tensor((SMALL, SMALL))).items()}
        for x in (a, b)
    ]
    plain, (_, trace) = timed(lambda: reference.official(*maps, backbone.stage), clock)
    seconds = {}
    for preset in ("official", "paper"):
        once(backbone, a, b, preset, SMALL)
        seconds[preset], _ = timed(lambda preset=preset: once(backbone, a, b, preset, SMALL), clock)
    return {"size": SMALL, "loops_s": plain, "inversion_steps": sum(trace.steps), **seconds}


def peak_memory(arguments: Sequence[str], preset: str) -> float:
    """Peak of a process, MB, that runs one preset ("" for the bare passes)."""
    command = [sys.executable, "-m", "tests.benchmarks.match", *arguments, "--memory-of", preset]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything the table shows."""
    clock = time.process_time if chosen.cpu_time else time.perf_counter
    given = ["--backbone", chosen.backbone, "--size", str(chosen.size), "--device", chosen.device]
    given += ["--weights", str(chosen.weights)] if chosen.weights else []
    # First, while this process is small: Linux lets a child begin with its parent's peak.
    peaks = {preset: peak_memory(given, preset) for preset in ("", *chosen.presets)} if chosen.memory else {}
    backbone = network(chosen.backbone, chosen.weights, chosen.device, chosen.biases)
    a, b = pictures()
    bare(backbone, a, b, chosen.size)
    once(backbone, a, b, "paper", SMALL)  # imports what choosing pairs needs
    times: dict[str, list[float]] = {name: [] for name in ("bare", *chosen.presets)}
    counts: dict[str, tuple[int, int]] = {}
    for _ in range(chosen.repeats):
        times["bare"].append(timed(lambda: bare(backbone, a, b, chosen.size), clock)[0])
        for preset in chosen.presets:
            seconds, counts[preset] = timed(lambda preset=preset: once(backbone, a, b, preset, chosen.size), clock)
            times[preset].append(seconds)
    floor = statistics.median(times["bare"])
    rows = {
        preset: {
            "seconds": statistics.median(times[preset]),
            "ratio": statistics.median(times[preset]) / floor,
            "least_ratio": min(took / base for took, base in zip(times[preset], times["bare"], strict=True)),
            "pairs": counts[preset][0],
            "inversion_steps": counts[preset][1],
            "memory_mb": peaks[preset] - peaks[""] if chosen.memory else None,
        }
        for preset in chosen.presets
    }
    result = {"backbone": chosen.backbone, "size": chosen.size, "bare_s": floor, "presets": rows}
    return result | ({"loops": loops(backbone, a, b, clock)} if chosen.loops else {})


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of the module's first sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backbone", default="vgg19")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=PRESETS)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cpu-time", action="store_true", help="of the process, in the place of the wall clock's")
    parser.add_argument("--no-biases", dest="biases", action="store_false", help="see above")
    parser.add_argument("--no-memory", dest="memory", action="store_false")
    parser.add_argument("--no-loops", dest="loops", action="store_false")
    parser.add_argument("--memory-of", choices=("", *PRESETS), help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.threads:
        import torch

        torch.set_num_threads(chosen.threads)
    if chosen.memory_of is not None:
        backbone, (a, b) = network(chosen.backbone, chosen.weights, chosen.device), pictures()
        bare(backbone, a, b, chosen.size)
        if chosen.memory_of:
            once(backbone, a, b, chosen.memory_of, chosen.size)
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
        return
    result = measure(chosen)
    if chosen.json:
        print(json.dumps(result, indent=1))
        return
    print(f"{result['backbone']} at {result['size']} px: two bare passes {result['bare_s']:.3f} s")
    for preset, row in result["presets"].items():
        memory = "" if row["memory_mb"] is None else f"  {row['memory_mb']:+6.0f} MB"
        steps = f"  {row['inversion_steps']} steps of inversion" if row["inversion_steps"] else ""
        print(
            f"  {preset:9} {row['seconds']:7.3f} s = {row['ratio']:5.1f} x (least {row['least_ratio']:.1f})"
            f"  {row['pairs']} pairs{memory}{steps}"
        )
    if "loops" in result:
        row = result["loops"]
        shares = ", ".join(f"{name} {row[name]:.2f} s ({row['loops_s'] / row[name]:.0f} x)" for name in PRESETS[::2])
        print(f"  at {row['size']} px: plain loops {row['loops_s']:.1f} s, {shares}")


if __name__ == "__main__":
    main()
