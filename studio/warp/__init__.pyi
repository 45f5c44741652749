from .apply import warp_picture, warp_tensor
from .contract import FieldSeries, WarpError, backward_field, field_between
from .control_set import Controls
from .controls import control_points, frame_size
from .field import Field
from .fields import moving_least_squares
from .jacobian import Foldover, foldover
from .options import WarpOptions
from .point_warp import InBetween, PointWarp

__all__ = [
    "Controls",
    "Field",
    "FieldSeries",
    "Foldover",
    "InBetween",
    "PointWarp",
    "WarpError",
    "WarpOptions",
    "backward_field",
    "control_points",
    "field_between",
    "foldover",
    "frame_size",
    "moving_least_squares",
    "warp_picture",
    "warp_tensor",
]
