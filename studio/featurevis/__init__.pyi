from .answers import HoverAnswer, LevelAnswer, TraceStep
from .difference import Difference, warped_difference
from .embedding import Embedding, EmbeddingError, embed
from .embedding_options import EmbeddingOptions
from .exemplar_search import Exemplar, Exemplars, crop, exemplars
from .exemplar_sheet import exemplar_sheet
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
    "Embedding",
    "EmbeddingError",
    "EmbeddingOptions",
    "Exemplar",
    "Exemplars",
    "HoverAnswer",
    "HoverCache",
    "LayerMaps",
    "LevelAnswer",
    "Region",
    "RegionsError",
    "TraceStep",
    "channel_grid",
    "components",
    "crop",
    "effective",
    "embed",
    "exciting",
    "exemplar_sheet",
    "exemplars",
    "first_filters",
    "look_at_layer",
    "pictures_in",
    "prepare_hover",
    "warped_difference",
]
