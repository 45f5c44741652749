from .adversary import Adversary, adversary, break_pair
from .deep import dream, zoom
from .goals import (
    CellGoal,
    ChannelGoal,
    ClassGoal,
    DirectionGoal,
    Goal,
    GoalError,
    PairGoal,
    Weighted,
    parse_goal,
)
from .maximise import maximise
from .options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from .result import Dreamed
from .run import breaking, dreaming, fooling, maximising, zooming

__all__ = [
    "Adversary",
    "AdversaryOptions",
    "CellGoal",
    "ChannelGoal",
    "ClassGoal",
    "DirectionGoal",
    "DreamOptions",
    "Dreamed",
    "Goal",
    "GoalError",
    "MaximiseOptions",
    "PairGoal",
    "Weighted",
    "ZoomOptions",
    "adversary",
    "break_pair",
    "breaking",
    "dream",
    "dreaming",
    "fooling",
    "maximise",
    "maximising",
    "parse_goal",
    "zoom",
    "zooming",
]
