"""The recipe inside a saved file, and doing it again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.backbones import Backbone, NetworkChoice
from studio.pairs import PairSet
from studio.picture import Picture, load, save
from studio.progress import Job, run_to_end
from studio.style import recipe as recipes
from studio.style import run
from studio.style.model import Region, StyleError, StyleSource
from studio.style.options import InversionOptions, StyleOptions, TextureOptions
from studio.style.recipe import pairs_in, read_recipe, regions_in, save_result
from studio.style.result import StyleResult
from studio.style.run import repeating, styling
from studio.style.task import StyleTask
from tests.style.conftest import picture

CPU = NetworkChoice(device="cpu")
OPTIONS = StyleOptions(size=32, steps=3, smallest=32, tv=0.5, seed=3)


@pytest.fixture
def loaded(tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny network instead of any other."""

    def load_backbone(*_: object) -> Job[Backbone]:
        yield from ()
        return tiny

    monkeypatch.setattr("studio.backbones.run.load_backbone", load_backbone)


def stored(tmp_path: Path, kind: str) -> Picture:
    path = tmp_path / f"{kind}.png"
    save(picture(kind).pixels, path)
    return load(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_recipe_survives_in_every_format(loaded: None, tmp_path: Path, suffix: str, depth: int) -> None:
    content, style = stored(tmp_path, "disc"), stored(tmp_path, "stripes")
    pairs = PairSet.from_arrays([[8, 9.5]], [[10, 12]], confidence=[0.75])
    result = run_to_end(styling(StyleTask(OPTIONS, content, (StyleSource(style, 2.0),), pairs, network=CPU)))
    path = tmp_path / f"out{suffix}"
    save_result(result, path, depth)
    found = read_recipe(path)
    assert found == json.loads(json.dumps(result.recipe))
    assert found["options"]["tv"] == 0.5 and found["weights"] == [2.0] and found["backbone"] == "tiny"
    assert [row["name"] for row in found["pictures"]] == ["disc.png", "stripes.png"]
    assert str(tmp_path) not in json.dumps(found)
    [pair] = pairs_in(found)
    assert pair.a == (8.0, 9.5) and pair.b == (10.0, 12.0) and pair.confidence == 0.75
    again = load(path)
    assert again.size == (32, 26) and (again.depth == 16) == (depth == 16 and suffix in (".png", ".tif"))


def test_repeating_gives_the_same_picture(loaded: None, tmp_path: Path) -> None:
    content, style = stored(tmp_path, "disc"), stored(tmp_path, "stripes")
    mask = np.zeros((32, 40), np.uint8)
    mask[:, :20] = 255
    known = {
        "pairs": PairSet.from_arrays([[8, 9.5]], [[10, 12]]),
        "regions": (Region(mask, None, 0, "left"),),
        "network": CPU,
    }
    path = tmp_path / "out.png"
    result = run_to_end(styling(StyleTask(OPTIONS, content, (StyleSource(style),), **known)))
    save_result(result, path)
    again = run_to_end(repeating(path, network=CPU))
    np.testing.assert_array_equal(again.picture.full(), result.picture.full())
    assert again.recipe == result.recipe
    np.testing.assert_array_equal(regions_in(read_recipe(path))[0].content, mask)
    # Handed in, or with something changed.
    other = run_to_end(repeating(path, [stored(tmp_path, "noise")], network=CPU, changes={"steps": 1}))
    assert len(other.losses) == 1 and other.recipe["pictures"][0]["name"] == "noise.png"
    (tmp_path / "stripes.png").unlink()
    with pytest.raises(StyleError, match=r"made of “stripes.png”, which is not beside it"):
        run_to_end(repeating(path, network=CPU))


def test_textures_and_inversions_are_repeated_too(loaded: None, tmp_path: Path) -> None:
    example = stored(tmp_path, "stripes")
    small = TextureOptions(width=24, height=16, smallest=16, steps=3)
    made: dict[str, StyleResult] = {
        "texture": run_to_end(styling(StyleTask(small, styles=(StyleSource(example),), network=CPU))),
        "invert": run_to_end(styling(StyleTask(InversionOptions(size=24, steps=3), example, network=CPU))),
    }
    for name, result in made.items():
        save_result(result, tmp_path / f"{name}-out.png")
        assert read_recipe(tmp_path / f"{name}-out.png")["what"] == name
        again = run_to_end(repeating(tmp_path / f"{name}-out.png", network=CPU))
        np.testing.assert_array_equal(again.picture.full(), result.picture.full())


def test_files_without_a_good_recipe(tmp_path: Path) -> None:
    plain, broken, newer, other = (tmp_path / f"{name}.png" for name in ("plain", "broken", "newer", "other"))
    save(picture("disc").pixels, plain)
    save(picture("disc").pixels, broken, text={recipes.KEY: "{not json"})
    good = recipes.describe("texture", [picture("disc")], _Named(), TextureOptions())  # type: ignore[arg-type]
    save(picture("disc").pixels, newer, text={recipes.KEY: json.dumps(good | {"format": 99})})
    save(picture("disc").pixels, other, text={recipes.KEY: json.dumps(good | {"options": {"width": -3}})})
    (tmp_path / "text.png").write_text("no picture")
    for path, words in (
        (plain, "no recipe inside"),
        (broken, "damaged"),
        (newer, "newer version"),
        (other, "width"),
        (tmp_path / "text.png", "damaged|can't be opened"),
        (tmp_path / "missing.png", "no such file"),
    ):
        with pytest.raises(Exception, match=words) as caught:
            read_recipe(path)
        assert "\n" not in str(caught.value)


class _Named:
    name = "tiny"


def test_alpha_and_metadata_of_the_content_are_kept(loaded: None, tmp_path: Path) -> None:
    content = tmp_path / "content.png"
    see_through = picture("disc", alpha=True)
    exif = Image.Exif()
    exif[0x010E] = "a disc"
    Image.fromarray(np.dstack([see_through.pixels, see_through.alpha])).save(content, exif=exif)
    result = run_to_end(styling(StyleTask(OPTIONS, load(content), (StyleSource(picture("noise")),), network=CPU)))
    save_result(result, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        assert image.mode == "RGBA" and image.getexif()[0x010E] == "a disc"
        alpha = np.asarray(image.getchannel("A"))
    assert alpha[:, :6].max() == 0 and alpha[:, 10:].min() == 255


def test_full_memory_leads_to_tiles(
    loaded: None, tiny: Backbone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first attempt runs out; the next one, in tiles, does not, and the result says nothing of it but is right."""
    tried: list[int] = []
    original = run.stylize

    def stylize(content: Picture, styles: object, network: Backbone, options: StyleOptions, **known: object) -> object:
        tried.append(options.tile)
        if not options.tile:
            raise MemoryError
        return original(content, styles, network, options, **known)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "stylize", stylize)
    messages: list[str] = []
    job = styling(StyleTask(OPTIONS, picture("disc"), (StyleSource(picture("stripes")),), network=CPU))
    result = run_to_end(job, lambda event: messages.append(event.message))
    assert tried == [0, 512] and len(result.losses) == 3
    assert "Out of memory; trying again in tiles of 512 px" in messages
