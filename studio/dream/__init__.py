"""What a unit wants to see: pictures made from nothing that excite it, and dreams over pictures that are there."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
