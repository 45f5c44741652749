from .export import FILM_SUFFIXES, check_film_path, exporting, exporting_film, film_notes, save_field, save_still
from .masking import NO_MASKS, Masks, mask_of
from .mean import averaging, save_mean
from .options import ExportOptions, MorphOptions, StillOptions
from .render import PreparedMorph, prepare, preparing, refining
from .sequence import MorphError, MorphSequence, preparing_sequence
from .stills import making_still, still

__all__ = [
    "FILM_SUFFIXES",
    "NO_MASKS",
    "ExportOptions",
    "Masks",
    "MorphError",
    "MorphOptions",
    "MorphSequence",
    "PreparedMorph",
    "StillOptions",
    "averaging",
    "check_film_path",
    "exporting",
    "exporting_film",
    "film_notes",
    "making_still",
    "mask_of",
    "prepare",
    "preparing",
    "preparing_sequence",
    "refining",
    "save_field",
    "save_mean",
    "save_still",
    "still",
]
