"""Presets as files: what ships fits the models, one's own come and go, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest

from studio import presets
from studio.attribution.options import METHODS
from studio.buddies.options import MatchOptions
from studio.files import FileError
from studio.morph.options import MorphOptions
from studio.paths import resources
from studio.picture import load
from studio.style.task import OPTIONS

MODELS = {
    "match": MatchOptions,
    "morph": MorphOptions,
    **{f"style/{kind}": model for kind, model in OPTIONS.items()},
    **{f"inspect/{key}": method.options for key, method in METHODS.items()},
}
LISTS = {"style": {"kind"}, "inspect": {"size"}, "inspect/method": {"method"}, "inspect/colours": {"smooth"}}
MODES = {key.partition("/")[0] for key in presets.SHIPPED}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BUDDIES_STUDIO_CONFIG", str(tmp_path / "config"))


def test_what_ships_is_listed_named_and_fits_the_options():
    files = {f"{path.parent.name}/{path.stem}" for path in (resources() / "presets").glob("*/*.json")}
    assert files == set(presets.SHIPPED)
    for mode in MODES:
        for preset in presets.presets_of(mode):
            assert preset.shipped and preset.mode == mode and preset.title == presets.SHIPPED[preset.key]
            assert json.loads(preset.path.read_text(encoding="utf-8"))["name"] == preset.name
            for name, values in preset.options.items():
                if name in LISTS:
                    assert values.keys() <= LISTS[name]
                else:
                    MODELS[name].from_dict(dict(values))


def test_every_style_that_ships_has_a_small_picture_of_its_own():
    pictures = [preset.picture for preset in presets.presets_of("style")]
    assert len(pictures) >= 5 and None not in pictures
    seen = set()
    for path in pictures:
        assert path.stat().st_size < 20_000
        picture = load(path)
        assert max(picture.size) <= 240
        seen.add(picture.pixels.tobytes())
    assert len(seen) == len(pictures)


def test_a_preset_of_ones_own_is_kept_renamed_replaced_and_deleted():
    options = {"morph": {"border": "edges"}}
    kept = presets.keep_preset("morph", "  My  <b>soft</b> & slow/.. ", options)
    assert kept.name == "My <b>soft</b> & slow/.." and kept.path.parent == presets.folder("morph")
    assert presets.preset_named("morph", kept.key) == kept
    again = presets.keep_preset("morph", kept.name, {"morph": {"border": "free"}})
    assert again.path == kept.path
    renamed = presets.rename_preset(again, "Soft")
    assert renamed.key == kept.key and renamed.options == {"morph": {"border": "free"}}
    assert [preset.name for preset in presets.presets_of("morph") if not preset.shipped] == ["Soft"]
    presets.delete_preset(renamed)
    assert all(preset.shipped for preset in presets.presets_of("morph"))
    assert presets.preset_named("morph", kept.key) is None


def test_names_that_are_taken_or_nothing_are_refused():
    kept = presets.keep_preset("morph", "Mine", {})
    presets.keep_preset("morph", "Other", {})
    for name in ("", "  ", "calm"):
        with pytest.raises(presets.PresetError):
            presets.keep_preset("morph", name, {})
    for name in ("OTHER", "Calm"):
        with pytest.raises(presets.PresetError):
            presets.rename_preset(kept, name)
    assert presets.rename_preset(kept, "MINE").name == "MINE"


def test_an_exported_preset_comes_in_again_beside_one_of_its_name(tmp_path):
    kept = presets.keep_preset("style", "Öl, dick", {"style": {"kind": "style"}, "style/style": {"steps": 40}})
    presets.write_preset(kept, tmp_path / "out.json")
    taken = presets.import_preset(tmp_path / "out.json")
    assert (taken.name, taken.options) == ("Öl, dick 2", kept.options)
    assert presets.import_preset(tmp_path / "out.json").name == "Öl, dick 3"


@pytest.mark.parametrize(
    "text",
    (
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"format": "buddies-studio preset"}',
        b'{"format": "buddies-studio preset", "version": 1, "mode": "../..", "name": "a", "options": {}}',
        b'{"format": "buddies-studio preset", "version": 1, "mode": "morph", "name": " ", "options": {}}',
        b'{"format": "buddies-studio preset", "version": 1, "mode": "morph", "name": "a", "options": {"morph": 3}}',
        b'{"format": "buddies-studio preset", "version": 2, "mode": "morph", "name": "a", "options": {}}',
        b" " * (presets.LARGEST + 1),
        b"[" * 100_000,
    ),
)
def test_other_files_are_refused_in_one_sentence(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_bytes(text)
    with pytest.raises(presets.PresetError, match=r"other\.json"):
        presets.import_preset(path)
    folder = presets.folder("morph")
    folder.mkdir(parents=True)
    (folder / "other.json").write_bytes(text)
    assert all(preset.shipped for preset in presets.presets_of("morph"))
    with pytest.raises(FileError, match=r"gone\.json"):
        presets.read_preset(tmp_path / "gone.json")
