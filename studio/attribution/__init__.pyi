from .checks import Checks, Curves, SanityStage, check, check_pair
from .explain import explain, explain_pair
from .export import overlaid, save_map, scale_of
from .objectives import ExplainError
from .options import METHODS, ExplainOptions, Method, method_named, options_for
from .result import Attribution, PairAttribution
from .run import explaining, explaining_pair, network_for
from .targets import (
    CellTarget,
    ChannelTarget,
    ClassTarget,
    PairTarget,
    Quantity,
    Target,
    TargetError,
    parse_pair,
    parse_target,
)
from .why import Why, split_by_channel, why

__all__ = [
    "METHODS",
    "Attribution",
    "CellTarget",
    "ChannelTarget",
    "Checks",
    "ClassTarget",
    "Curves",
    "ExplainError",
    "ExplainOptions",
    "Method",
    "PairAttribution",
    "PairTarget",
    "Quantity",
    "SanityStage",
    "Target",
    "TargetError",
    "Why",
    "check",
    "check_pair",
    "explain",
    "explain_pair",
    "explaining",
    "explaining_pair",
    "method_named",
    "network_for",
    "options_for",
    "overlaid",
    "parse_pair",
    "parse_target",
    "save_map",
    "scale_of",
    "split_by_channel",
    "why",
]
