from .export import FILM_SUFFIXES, check_film_path, exporting, exporting_film, film_notes, save_field, save_still
from .options import ExportOptions, MorphOptions, StillOptions
from .render import PreparedMorph, prepare, preparing, refining
from .sequence import MorphError, MorphSequence, preparing_sequence
from .stills import still

__all__ = [
    "FILM_SUFFIXES",
    "ExportOptions",
    "MorphError",
    "MorphOptions",
    "MorphSequence",
    "PreparedMorph",
    "StillOptions",
    "check_film_path",
    "exporting",
    "exporting_film",
    "film_notes",
    "prepare",
    "preparing",
    "preparing_sequence",
    "refining",
    "save_field",
    "save_still",
    "still",
]
