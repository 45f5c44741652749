"""Exemplars as a picture: a square of crops for each channel, with its number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from studio.arrays import Pixels
from studio.featurevis.exemplar_search import COUNT, Exemplars, crop
from studio.featurevis.regions import WORKING_SIDE
from studio.language import tr
from studio.picture import Picture, load
from studio.progress import Job, Progress

GAP, TITLE = 10, 18
"""Pixels between two channels, and above each for its number."""
PAPER, INK = 250, 40


def exemplar_sheet(found: Exemplars, channels: Sequence[int], side: int = 96, count: int = COUNT) -> Job[Pixels]:
    """(h, w, 3) uint8: for each channel its `count` strongest places, `side` px each, the strongest first."""
    across = math.ceil(math.sqrt(count))
    columns = max(1, math.ceil(math.sqrt(len(channels))))
    rows = math.ceil(len(channels) / columns)
    width, height = across * side + GAP, math.ceil(count / across) * side + TITLE + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), (PAPER,) * 3)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    opened: dict[Path, Picture] = {}
    for number, channel in enumerate(channels):
        left, top = GAP + number % columns * width, GAP + number // columns * height
        draw.text((left, top), tr("channel {channel}", channel=channel), fill=(INK,) * 3, font=font)
        for place, exemplar in enumerate(found.of(channel, count)):
            picture = opened.get(exemplar.path) or load(exemplar.path, WORKING_SIDE)
            if len(opened) < 200:
                opened[exemplar.path] = picture
            pixels = crop(exemplar, side, picture)
            sheet.paste(Image.fromarray(pixels), (left + place % across * side, top + TITLE + place // across * side))
        words = tr("channel {channel}", channel=channel)
        yield Progress((number + 1) / len(channels), words)
    return np.asarray(sheet)
