from __future__ import annotations

import pytest
import skimage.data

from studio.backbones import Backbone, load_backbone
from studio.picture import Picture
from studio.progress import run_to_end


@pytest.fixture(scope="session")
def buddynet() -> Backbone:
    """The network that ships."""
    return run_to_end(load_backbone("buddynet", device="cpu"))


@pytest.fixture(scope="session")
def chelsea() -> Picture:
    return Picture.from_array(skimage.data.chelsea()[::3, ::3], "chelsea.png")


@pytest.fixture(scope="session")
def coffee() -> Picture:
    return Picture.from_array(skimage.data.coffee()[::4, ::4], "coffee.png")
