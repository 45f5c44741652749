"""How long a job will still take, told from how far it came when.

The share of the work that a job reports is not that of the time: the levels of a match cost very different amounts,
and what a network loads at the start comes once. So the pace of late counts beside that of the whole, what the last
job of the same kind took for each share is remembered, and where a job stands still for longer than was to be expected
nothing is told, rather than a number that has long ceased to be true.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

LEAST_SHARE, LEAST_SECONDS = 0.03, 0.5
"""Before a job came that far, there is nothing to go by."""
LATE, LATE_SECONDS = 0.35, 3.0
"""The pace of late is that of this share of the time that was spent, and of at least so many seconds."""
NEAR = 0.3
"""As long as a new estimate differs by less from what is told, as a share of it, the clock alone counts that down."""
SETTLING = 1.0
"""Seconds within which what is told comes near to an estimate that differs by more."""
PATIENCE = 2.0
"""Seconds without progress after which it matters that a job stands still."""
MOST_TIMES = 20.0
"""A job is not taken to be slower or quicker than the last of its kind by more than this."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a job went: `seconds[n]` after its first report it had come to the share `shares[n]`; both only grow."""

    shares: tuple[float, ...]
    seconds: tuple[float, ...]

    def reached(self, share: float) -> float:
        """Seconds after which a share was reached."""
        place = bisect.bisect_left(self.shares, share)
        if place == 0:
            return self.seconds[0]
        if place == len(self.shares):
            return self.seconds[-1]
        before, after = self.shares[place - 1], self.shares[place]
        part = (share - before) / (after - before)
        return self.seconds[place - 1] + part * (self.seconds[place] - self.seconds[place - 1])

    def left(self, share: float) -> float:
        """Seconds after which more than a share was reached."""
        place = bisect.bisect_right(self.shares, share)
        return self.seconds[-1] if place >= len(self.shares) else max(self.seconds[place], self.reached(share))


@dataclass(slots=True)
class TimeLeft:
    """Hears of the progress of one job, and says how long it will still take. All times are in seconds, on one clock.

    Parameters
    ----------
    before : Course, optional
        How the last job of this kind went.
    """

    before: Course | None = None
    _at: list[float] = field(default_factory=list)
    _share: list[float] = field(default_factory=list)
    _told: float | None = None
    _told_at: float = 0.0

    def add(self, at: float, share: float) -> None:
        """At a time the job had done this share of its work, 0 to 1."""
        if not self._share or share > self._share[-1]:
            self._at.append(at)
            self._share.append(share)

    def wait(self, seconds: float) -> None:
        """The job was paused for so long."""
        self._at = [at + seconds for at in self._at]
        self._told_at += seconds

    def left(self, now: float) -> float | None:
        """Seconds that are left, or None while that can't be known."""
        estimate = self._estimate(now)
        if estimate is None:
            self._told = None
            return None
        if self._told is None:
            self._told = estimate
        else:
            passed = now - self._told_at
            self._told = max(self._told - passed, 0.0)
            if abs(estimate - self._told) > NEAR * max(estimate, self._told):
                self._told += (estimate - self._told) * min(1.0, passed / SETTLING)
        self._told_at = now
        return self._told

    def course(self, now: float) -> Course | None:
        """How it went, once the job is done; None if it told nothing of its way."""
        if len(self._at) < 2 or now <= self._at[0]:
            return None
        shares, times = list(self._share), [at - self._at[0] for at in self._at]
        if shares[-1] < 1.0:
            shares.append(1.0)
            times.append(now - self._at[0])
        else:
            times[-1] = now - self._at[0]
        return Course(tuple(shares), tuple(times))

    def _estimate(self, now: float) -> float | None:
        if not self._at or now - self._at[0] < LEAST_SECONDS or self._share[-1] - self._share[0] < LEAST_SHARE:
            return None
        return self._by_pace(now) if self.before is None else self._by_course(self.before, now)

    def _by_course(self, before: Course, now: float) -> float | None:
        """The last one of its kind, at the pace of this one."""
        share, spent = self._share[-1], self._at[-1] - self._at[0]
        reached = before.reached(share)
        times = min(max(spent / max(reached, 1e-6), 1 / MOST_TIMES), MOST_TIMES) if reached > 0 else 1.0
        still = now - self._at[-1]
        expected = times * (before.left(share) - reached)
        if still > max(PATIENCE, 2 * expected + PATIENCE):
            return None
        whole = times * (before.seconds[-1] - reached)
        return max(whole - still, whole - expected)

    def _by_pace(self, now: float) -> float | None:
        share, spent, still = self._share[-1], now - self._at[0], now - self._at[-1]
        window = max(LATE_SECONDS, LATE * spent)
        late = (share - self._at_time(now - window)) / min(window, spent)
        whole = (share - self._share[0]) / spent
        pace = (late + whole) / 2
        estimate = (1 - share) / pace
        # It ought to have gone on long ago.
        return None if still > PATIENCE and still > self._longest_still(self._at) * 2 else estimate

    def _at_time(self, at: float) -> float:
        """The share at a time."""
        place = bisect.bisect_right(self._at, at)
        return self._share[max(place - 1, 0)]

    @staticmethod
    def _longest_still(at: Sequence[float]) -> float:
        return max((after - before for before, after in pairwise(at)), default=0.0)
