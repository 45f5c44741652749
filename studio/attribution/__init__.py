"""Which pixels matter to a network: gradients, guided backprop, SmoothGrad, integrated gradients, CAMs, occlusion."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
