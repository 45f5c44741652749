"""Presets: options of a mode under a name, to be taken again in any project. Some ship, others are a person's own.

A preset is one small JSON file; the person's own lie in the folder of the settings, where an exported one can be put
as well. What stands in it is checked by whoever takes it, so that a preset of another version does no harm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.files import FileError, explain_os_error, ordinary, write_text
from studio.language import tr, translatable
from studio.paths import config_dir, resources

SUFFIX = ".json"
FORMAT, VERSION = "buddies-studio preset", 1
LARGEST = 1 << 20
"""Bytes; a preset has about a thousand."""
LONGEST_NAME = 80

Options = Mapping[str, Mapping[str, Any]]
"""Values by the name that a project keeps options under, and by knob."""

SHIPPED = {
    "style/gentle": translatable("Gentle"),
    "style/broad-strokes": translatable("Broad Strokes"),
    "style/fine-strokes": translatable("Fine Strokes"),
    "style/own-colours": translatable("In the Content's Colours"),
    "style/along-pairs": translatable("Along the Pairs"),
    "style/at-once": translatable("At Once"),
    "style/seamless": translatable("Seamless Texture"),
    "morph/calm": translatable("Calm"),
    "morph/elastic": translatable("Elastic"),
    "match/dense": translatable("Dense"),
    "match/telling": translatable("The Most Telling Points"),
    "inspect/quick": translatable("Quick Look"),
}
"""Those that come with the program, by mode and file, in the order in which they are offered."""


class PresetError(FileError):
    """A file that is no preset, or a name that can't be given."""


@dataclass(frozen=True)
class Preset:
    """Options of a mode under a name.

    Attributes
    ----------
    mode : str
        Whose options these are.
    name : str
        In English for what ships.
    options : mapping
        What it sets; everything else is left as it is.
    key : str
        By which settings remember it.
    path : Path or None
        Its file.
    shipped : bool
        Whether it came with the program, and so can't be changed.
    """

    mode: str
    name: str
    options: Options = field(repr=False)
    key: str = ""
    path: Path | None = None
    shipped: bool = False

    @property
    def title(self) -> str:
        """What people call it."""
        return tr(self.name) if self.shipped else self.name

    @property
    def picture(self) -> Path | None:
        """A small picture of what it does, if there is one."""
        path = None if self.path is None else self.path.with_suffix(".webp")
        return path if path is not None and path.is_file() else None


def folder(mode: str) -> Path:
    """Where a person's own presets of a mode lie."""
    return config_dir() / "presets" / mode


def presets_of(mode: str) -> tuple[Preset, ...]:
    """What ships, then the person's own by name; files that are no presets are passed over."""
    found = []
    for key, name in SHIPPED.items():
        if key.startswith(f"{mode}/"):
            path = resources() / "presets" / f"{key}{SUFFIX}"
            found.append(replace(read_preset(path), name=name, key=key, shipped=True))
    own = []
    for path in sorted(folder(mode).glob(f"*{SUFFIX}")):
        try:
            preset = read_preset(path)
        except FileError:
            continue
        if preset.mode == mode:
            own.append(preset)
    return (*found, *sorted(own, key=lambda preset: preset.name.casefold()))


def preset_named(mode: str, key: str) -> Preset | None:
    """The preset that settings remember by its key; None if it is gone."""
    return next((preset for preset in presets_of(mode) if preset.key == key), None) if key else None


def read_preset(path: Path) -> Preset:
    """A preset out of a file.

    Raises
    ------
    PresetError
        It is none, or one of a later version.
    FileError
    """
    try:
        with ordinary(path).open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise FileError(explain_os_error(error, path, "read")) from error
    try:
        if len(text) > LARGEST:
            raise ValueError("too large")
        values = json.loads(text)
        if values["format"] != FORMAT:
            raise ValueError("another format")
        version, mode, name, options = (values[key] for key in ("version", "mode", "name", "options"))
        sensible = isinstance(version, int) and isinstance(mode, str) and isinstance(options, dict)
        if not sensible or not all(isinstance(one, dict) for one in options.values()) or not re.fullmatch(r"\w+", mode):
            raise ValueError("another shape")
        name = named(name)
    except (ValueError, KeyError, TypeError, RecursionError, PresetError) as error:
        raise PresetError(tr("“{name}” is not a preset of this program.", name=path.name)) from error
    if version > VERSION:
        raise PresetError(tr("“{name}” is a preset of a later version of this program.", name=path.name))
    return Preset(mode, name, options, f"own/{path.stem}", path)


def write_preset(preset: Preset, path: Path) -> None:
    """Write a preset to a file. Raises `FileError`."""
    values = {
        "format": FORMAT,
        "version": VERSION,
        "mode": preset.mode,
        "name": preset.name,
        "options": {name: dict(one) for name, one in preset.options.items()},
    }
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    write_text(path, text)


def keep_preset(mode: str, name: str, options: Options) -> Preset:
    """Keep options as a preset of the person's own, in the place of one of that name.

    Raises
    ------
    PresetError
        The name is empty, or that of one that ships.
    FileError
    """
    name = named(name)
    known = presets_of(mode)
    if any(preset.shipped and name.casefold() in (preset.name.casefold(), preset.title.casefold()) for preset in known):
        raise PresetError(tr("“{name}” is a preset of the program: choose another name.", name=name))
    same = next((preset for preset in known if not preset.shipped and preset.name == name), None)
    path = _new_path(mode, name) if same is None or same.path is None else same.path
    preset = Preset(mode, name, options, f"own/{path.stem}", path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(explain_os_error(error, path.parent, "made")) from error
    write_preset(preset, path)
    return preset


def rename_preset(preset: Preset, name: str) -> Preset:
    """Call a preset of the person's own something else; its key stays. Raises `PresetError`, `FileError`."""
    assert preset.path is not None and not preset.shipped
    name = named(name)
    for other in presets_of(preset.mode):
        if other.key != preset.key and name.casefold() in (other.name.casefold(), other.title.casefold()):
            raise PresetError(tr("There is a preset “{name}” already.", name=name))
    renamed = replace(preset, name=name)
    write_preset(renamed, preset.path)
    return renamed


def delete_preset(preset: Preset) -> None:
    """Remove a preset of the person's own. Raises `FileError`."""
    assert preset.path is not None and not preset.shipped
    try:
        preset.path.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(explain_os_error(error, preset.path, "written")) from error


def import_preset(path: Path) -> Preset:
    """Take a preset from a file among the person's own, under another name if its own is taken.

    Raises `PresetError`, `FileError`.
    """
    preset = read_preset(path)
    taken = {title.casefold() for other in presets_of(preset.mode) for title in (other.name, other.title)}
    name, number = preset.name, 2
    while name.casefold() in taken:
        name, number = f"{preset.name} {number}", number + 1
    return keep_preset(preset.mode, name, preset.options)


def named(name: object) -> str:
    """A name as it can be given: one line, not empty, not endless. Raises `PresetError`."""
    words = " ".join(str(name).split())[:LONGEST_NAME] if isinstance(name, str) else ""
    if not words:
        raise PresetError(tr("A preset needs a name."))
    return words


def _new_path(mode: str, name: str) -> Path:
    stem = re.sub(r"[^\w-]+", "-", name.casefold()).strip("-")[:40] or "preset"
    path, number = folder(mode) / f"{stem}{SUFFIX}", 2
    while path.exists():
        path, number = path.with_name(f"{stem}-{number}{SUFFIX}"), number + 1
    return path
