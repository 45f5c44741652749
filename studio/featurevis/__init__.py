"""What the units of a network see: hover maps, activation grids, principal components, receptive fields."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
