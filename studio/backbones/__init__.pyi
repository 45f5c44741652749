from .backbone import Backbone, Stage
from .catalog import CATALOG, Cut, Entry
from .choice import DEFAULT_NETWORK, NetworkChoice
from .classifier import Classifier, build_classifier, class_names, load_classifier
from .layers import Layer
from .levels import Level, WeightsError
from .loading import build_backbone, load_backbone
from .run import load_chosen, with_network
from .status import WeightsStatus, weights_status
from .weights import fetch_weights

__all__ = [
    "CATALOG",
    "DEFAULT_NETWORK",
    "Backbone",
    "Classifier",
    "Cut",
    "Entry",
    "Layer",
    "Level",
    "NetworkChoice",
    "Stage",
    "WeightsError",
    "WeightsStatus",
    "build_backbone",
    "build_classifier",
    "class_names",
    "fetch_weights",
    "load_backbone",
    "load_chosen",
    "load_classifier",
    "weights_status",
    "with_network",
]
