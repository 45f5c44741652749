"""Style: the look of one picture on the shape of another, textures, and what a layer keeps of a picture."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
