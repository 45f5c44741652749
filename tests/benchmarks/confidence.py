"""How the share of right pairs falls with their confidence, on photographs of animals with key points.

    python -m tests.benchmarks.confidence --data DIR [--backbone NAME] [--weights FILE] [--pairs N] [--limit N] [--json]

DIR and the crops are those of `tests.benchmarks.pck`. A pair of a match counts as right if its point of B lies within
0.1 of the longer side of B's box of where the key points that both photographs have carry its point of A (affine
moving least squares); it is only judged within 0.12 of the crop's side of such a key point, and only where there are
at least four of them. Tells for each tenth of confidence how many pairs there are and how many of them are right, and
how far the two are apart (expected calibration error), those pairs included that are doubted because their pictures
have little in common; the area under the ROC curve (how often a right pair is surer than a wrong one); and, by a fit of
the same form on the half of the animals with even numbers judged on the other half, whether the constants of
`studio.buddies.confidence` stand for more than these pairs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.arrays import Reals
from studio.geometry import as_points
from tests.benchmarks.pck import SIDE, TOLERANCE, Subjects, read

NEAR = 0.12
FEWEST = 4
BINS = 10

Flags = npt.NDArray[np.bool_]


def judged(subjects: Subjects, i: int, j: int, a: Reals, b: Reals) -> tuple[Flags, Flags]:
    """Which pairs with points `a` and `b`, (N, 2) in the crops, can be judged, and which of all are right."""
    from studio.warp.fields import moving_least_squares

    one, other = subjects.all[i], subjects.all[j]
    common = [key for key in one.keypoints if key in other.keypoints]
    if len(common) < FEWEST or not len(a):
        return np.zeros(len(a), bool), np.zeros(len(a), bool)
    start, end = (as_points([subject.keypoints[key] for key in common]) for subject in (one, other))
    near = np.hypot(*(a[:, None] - start[None]).transpose(2, 0, 1)).min(axis=1) < NEAR * SIDE
    error = (moving_least_squares(a, start, end, "affine") - b) * other.scale
    return near, np.hypot(error[:, 0], error[:, 1]) <= TOLERANCE * other.longer_side


def curve(confidence: Reals, right: Flags) -> list[dict[str, float]]:
    """For each tenth of confidence that has any: its mean, the number of pairs, and the share of right ones."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": float(confidence[bins == number].mean()),
            "pairs": int((bins == number).sum()),
            "right": float(right[bins == number].mean()),
        }
        for number in range(BINS)
        if (bins == number).any()
    ]


def calibration_error(rows: Sequence[dict[str, float]]) -> float:
    """How far confidence and share of right pairs are apart, 0 to 1: the mean over a `curve`, weighted by its pairs.

    The expected calibration error of Naeini, Cooper and Hauskrecht (2015).
    """
    apart = sum(row["pairs"] * abs(row["confidence"] - row["right"]) for row in rows)
    return apart / sum(row["pairs"] for row in rows)


def area(score: Reals, right: Flags) -> float:
    """How often a right pair has the higher score than a wrong one; ties count half. NaN without both."""
    from scipy.stats import rankdata

    wrong = int((~right).sum())
    if not right.any() or not wrong:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[right].sum() - right.sum() * (right.sum() + 1) / 2) / (right.sum() * wrong))


def fitted(evidence: Reals, right: Flags) -> Reals:
    """Intercept and slopes, (K + 1,), of a logistic fit to `evidence`, (N, K); slopes that may only have their sign."""
    from scipy.optimize import minimize

    signs = np.array([1.0, 1.0, -1.0, -1.0, 1.0])[: evidence.shape[1]]

    def loss(values: Reals) -> float:
        score = values[0] + evidence @ (signs * np.exp(values[1:]))
        return float(np.logaddexp(0, np.where(right, -score, score)).sum() + 0.01 * (values**2).sum())

    found = minimize(loss, np.zeros(len(signs) + 1)).x
    return np.concatenate([found[:1], signs * np.exp(found[1:])])


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of the module's first sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="buddynet")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--pairs", type=int, default=24, help="pairs that each match keeps; 0 for all")
    parser.add_argument("--limit", type=int, help="pairs of each set")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)

    from studio.backbones import load_backbone
    from studio.buddies import MatchMemory, MatchOptions, match
    from studio.buddies.confidence import evidence
    from studio.picture import Picture
    from studio.progress import run_to_end

    subjects = read(chosen.data, chosen.limit)
    backbone = run_to_end(load_backbone(chosen.backbone, chosen.weights, chosen.device))
    options = MatchOptions(pairs=chosen.pairs, working_size=SIDE)
    pictures = [Picture.from_array(subject.pixels) for subject in subjects.all]
    columns, confidence, right, number = [], [], [], []
    for i, j in (pair for pairs in subjects.pairs.values() for pair in pairs):
        memory = MatchMemory()
        pairs = run_to_end(match(pictures[i], pictures[j], backbone, options, memory=memory))
        can, is_right = judged(subjects, i, j, pairs.a, pairs.b)
        if not can.any():
            continue
        assert memory.held is not None
        found = evidence(memory.held.feature_pair, pairs, np.flatnonzero(can))
        columns.append(np.stack([found.rank, found.margin, found.cycle, found.residual, found.common], axis=1))
        confidence.append(np.array([pair.confidence for pair in pairs])[can])
        right.append(is_right[can])
        number.append(np.full(int(can.sum()), i + j))
    rows, sure, truth = np.concatenate(columns), np.concatenate(confidence), np.concatenate(right)
    first = np.concatenate(number) % 2 == 0
    slopes = fitted(rows[first], truth[first])
    told: dict[str, Any] = {
        "backbone": chosen.backbone,
        "judged": len(truth),
        "right": float(truth.mean()),
        "calibration_error": calibration_error(curve(sure, truth)),
        "area": area(sure, truth),
        "area_of_other_half_by_a_fit": area(slopes[0] + rows[~first] @ slopes[1:], truth[~first]),
        "area_of_other_half_as_shipped": area(sure[~first], truth[~first]),
        "fit_to_all": fitted(rows, truth).round(2).tolist(),
        "curve": curve(sure, truth),
    }
    if chosen.json:
        print(json.dumps(told, indent=1))
        return
    print(f"Confidence with {backbone.title}: {told['judged']} pairs judged, {told['right']:.3f} of them right")
    print(f"  expected calibration error {told['calibration_error']:.3f}")
    for row in told["curve"]:
        print(f"  confidence {row['confidence']:.2f}  right {row['right']:.2f}  of {row['pairs']} pairs")
    print(f"  a right pair is surer than a wrong one in {told['area']:.3f} of cases; on one half of the animals")
    print(
        f"  {told['area_of_other_half_as_shipped']:.3f}, and {told['area_of_other_half_by_a_fit']:.3f} with constants"
        f" fitted to the other half; fitted to all (base, rank, margin, cycle, residual, common): {told['fit_to_all']}"
    )


if __name__ == "__main__":
    main()
