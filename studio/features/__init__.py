"""What a network says of two pictures: computed once, kept in bounded memory, and shared by all who ask."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
