"""Makes the small pictures of the style presets that ship, by the program itself.

    python packaging/preset_pictures.py [--out resources/presets/style]

The content is a photograph that comes with scikit-image, the style is drawn here: brush strokes that follow a swirl,
in a few strong colours.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from studio import presets
from studio.picture import Picture, save
from studio.progress import run_to_end
from studio.style import styling
from studio.style.model import StyleSource
from studio.style.task import OPTIONS, STYLED, StyleTask

ROOT = Path(__file__).resolve().parent.parent
SIZE = (192, 144)
DRAWN = 256
STROKES = 2600
COLOURS = ((18, 40, 98), (32, 92, 160), (92, 160, 196), (240, 200, 72), (222, 112, 40), (250, 238, 206), (20, 84, 80))
LIMITS = {"size": 192, "smallest": 96, "width": 192, "height": 144, "steps": 120}
"""Knobs that have to do with the small size only."""


def painting(seed: int = 4) -> Picture:
    """Strokes along two whirls, (256, 256, 3)."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (DRAWN, DRAWN), COLOURS[0])
    draw = ImageDraw.Draw(image)
    for _ in range(STROKES):
        x, y = random.uniform(0, DRAWN, 2)
        angle = 0.0
        for centre_x, centre_y, turn in ((90, 100, 1.0), (190, 180, -1.0)):
            away = np.hypot(x - centre_x, y - centre_y)
            angle += turn * np.arctan2(y - centre_y, x - centre_x) * np.exp(-away / 90)
        angle += np.pi / 2
        length, width = random.uniform(8, 22), int(random.integers(2, 5))
        share = 0.5 + 0.5 * np.sin(x / 31 + np.cos(y / 27) * 2) + random.normal(0, 0.18)
        colour = COLOURS[int(np.clip(share * len(COLOURS), 0, len(COLOURS) - 1))]
        dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
        draw.line((x - dx, y - dy, x + dx, y + dy), fill=colour, width=width)
    return Picture.from_array(np.asarray(image), "strokes")


def photograph() -> Picture:
    """A cat's face, of the shape of the small pictures."""
    from skimage import data

    image = Image.fromarray(np.asarray(data.chelsea())).crop((55, 20, 395, 275))
    return Picture.from_array(np.asarray(image), "cat")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "presets" / "style")
    out = parser.parse_args().out
    content, style = photograph(), painting()
    for preset in presets.presets_of("style"):
        kind = next(kind for kind in OPTIONS if kind == preset.options["style"]["kind"])
        model = OPTIONS[kind]
        small = {name: value for name, value in LIMITS.items() if name in model.model_fields}
        options = model.from_dict({**preset.options.get(f"style/{kind}", {}), **small})
        task = StyleTask(options, content if kind in STYLED else None, (StyleSource(style),))
        result = run_to_end(styling(task)).picture
        image = Image.fromarray(result.pixels).resize(SIZE, Image.Resampling.LANCZOS)
        path = out / f"{preset.key.partition('/')[2]}.webp"
        save(np.asarray(image), path, quality=80)
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
