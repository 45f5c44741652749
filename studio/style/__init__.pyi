from .inversion import invert
from .model import LIVE, Region, StyleControl, StyleError, StylePreview, StyleSource
from .oneshot import instant
from .options import InstantOptions, InversionOptions, StyleOptions, TextureOptions
from .recipe import read_recipe, save_result
from .result import StyleResult
from .run import instant_of, inversion_of, repeating, stylize_pictures, texture_of
from .synthesis import texture
from .transfer import stylize

__all__ = [
    "LIVE",
    "InstantOptions",
    "InversionOptions",
    "Region",
    "StyleControl",
    "StyleError",
    "StyleOptions",
    "StylePreview",
    "StyleResult",
    "StyleSource",
    "TextureOptions",
    "instant",
    "instant_of",
    "inversion_of",
    "invert",
    "read_recipe",
    "repeating",
    "save_result",
    "stylize",
    "stylize_pictures",
    "texture",
    "texture_of",
]
