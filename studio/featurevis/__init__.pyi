from .answers import HoverAnswer, LevelAnswer, TraceStep
from .difference import Difference, warped_difference
from .grid import ChannelGrid, channel_grid, first_filters
from .hover import HoverCache, prepare_hover
from .layers import LayerMaps, look_at_layer
from .pca import Components, components
from .receptive import Effective, effective
from .regions import Region, RegionsError, exciting, pictures_in

__all__ = [
    "ChannelGrid",
    "Components",
    "Difference",
    "Effective",
    "HoverAnswer",
    "HoverCache",
    "LayerMaps",
    "LevelAnswer",
    "Region",
    "RegionsError",
    "TraceStep",
    "channel_grid",
    "components",
    "effective",
    "exciting",
    "first_filters",
    "look_at_layer",
    "pictures_in",
    "prepare_hover",
    "warped_difference",
]
