"""What every training here does: step after step, with a word now and then, and files that survive a kill."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

LOG = logging.getLogger("train_buddynet")
SHOW_EVERY = 30.0
"""Seconds between two lines of the log."""


Batch = TypeVar("Batch", contravariant=True)


class Learner(Protocol[Batch]):
    """What is trained."""

    step: int

    @property
    def progress(self) -> float:
        """0 to 1."""
        ...

    def advance(self, batch: Batch) -> dict[str, float]:
        """One step; the losses."""
        ...


def learn(
    training: Learner[Batch],
    batches: Generator[Batch, None, None],
    save: Callable[[], None],
    checkpoint_minutes: float,
) -> None:
    """Take steps until the end, saving every so many minutes and then."""
    saved = shown = time.monotonic()
    seen: dict[str, list[float]] = defaultdict(list)
    while training.progress < 1:
        for name, loss in training.advance(next(batches)).items():
            seen[name].append(loss)
        if time.monotonic() - shown > SHOW_EVERY:
            means = "  ".join(f"{name} {np.mean(values):.4f}" for name, values in seen.items())
            LOG.info("step %d, %.1f %%: %s", training.step, 100 * training.progress, means)
            seen.clear()
            shown = time.monotonic()
        if time.monotonic() - saved > 60 * checkpoint_minutes:
            save()
            saved = time.monotonic()
    batches.close()
    save()


def replacing(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside `path` first, so that a kill leaves the old one whole."""
    part = path.with_name(path.name + ".part")
    write(part)
    part.replace(path)
