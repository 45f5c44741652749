from .backbone import Backbone, Stage
from .catalog import CATALOG, Cut, Entry
from .levels import Level, WeightsError
from .loading import build_backbone, load_backbone, unload_backbones
from .status import WeightsStatus, weights_status
from .weights import fetch_weights

__all__ = [
    "CATALOG",
    "Backbone",
    "Cut",
    "Entry",
    "Level",
    "Stage",
    "WeightsError",
    "WeightsStatus",
    "build_backbone",
    "fetch_weights",
    "load_backbone",
    "unload_backbones",
    "weights_status",
]
