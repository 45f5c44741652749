from .inversion import invert
from .model import LIVE, Region, StyleControl, StyleError, StylePreview, StyleSource
from .oneshot import instant
from .options import InstantOptions, InversionOptions, StyleOptions, TextureOptions
from .recipe import Recipe, read_recipe, save_result
from .result import StyleResult
from .run import drafting, repeating, styling
from .synthesis import texture
from .task import OPTIONS, STYLED, Draft, StyleTask
from .transfer import stylize

__all__ = [
    "LIVE",
    "OPTIONS",
    "STYLED",
    "Draft",
    "InstantOptions",
    "InversionOptions",
    "Recipe",
    "Region",
    "StyleControl",
    "StyleError",
    "StyleOptions",
    "StylePreview",
    "StyleResult",
    "StyleSource",
    "StyleTask",
    "TextureOptions",
    "drafting",
    "instant",
    "invert",
    "read_recipe",
    "repeating",
    "save_result",
    "styling",
    "stylize",
    "texture",
]
