from .apply import warp_picture, warp_tensor
from .contract import FieldSeries, WarpError, backward_field, field_between
from .control_set import Controls
from .controls import control_points, frame_size
from .field import Field
from .fields import moving_least_squares
from .jacobian import Foldover, determinant_map, foldover
from .options import WarpOptions
from .point_warp import InBetween, PointWarp
from .splines import thin_plate_spline

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
    "determinant_map",
    "field_between",
    "foldover",
    "frame_size",
    "moving_least_squares",
    "thin_plate_spline",
    "warp_picture",
    "warp_tensor",
]
