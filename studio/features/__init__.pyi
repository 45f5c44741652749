from .compute import compute_features
from .placing import Placing
from .split import ChannelSplit, split_cosine
from .store import Features, FeatureStore, PairFeatures

__all__ = [
    "ChannelSplit",
    "FeatureStore",
    "Features",
    "PairFeatures",
    "Placing",
    "compute_features",
    "split_cosine",
]
