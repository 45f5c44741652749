"""Point pairs: the currency of the program, how they are edited, and the files they travel in."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
