"""The recipe of a dream: what was done with which pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio import __version__
from studio.dream.measure import Network
from studio.options import Options
from studio.picture import Picture


def describe(
    what: str, network: Network, options: Options, goals: Sequence[str], pictures: Sequence[Picture]
) -> dict[str, Any]:
    """Plain values, fit for JSON."""
    return {
        "program": f"Buddies Studio {__version__}",
        "what": what,
        "goals": list(goals),
        "pictures": [{"name": one.name, "size": list(one.size)} for one in pictures],
        "backbone": network.name,
        "options": options.to_dict(),
    }
