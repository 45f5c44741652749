"""The open project: two pictures, pairs, options, results and history in one file, and nothing of it ever lost."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
