"""What a person sets once: one table from which the dialog is made and from which everything is put in force."""

from __future__ import annotations

from studio.gui.canvas.point_style import Colouring, PointStyle
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import ThemeName
from studio.language import AUTOMATIC, translatable
from studio.options import Options, knob

KEY = "preferences"


class Preferences(Options):
    """Applied at once, and remembered; the language is taken at the start."""

    language: str = knob(
        AUTOMATIC, "The language of the program; “Automatic” is the one of the system.", label="Language"
    )
    theme: ThemeName = knob("system", "Light or dark; “system” does as the desktop does.", label="Theme")
    point_size: float = knob(
        13.0,
        "Diameter of a sure point. Doubtful points are drawn smaller.",
        label="Point size",
        unit="px",
        minimum=6.0,
        maximum=30.0,
        step=1.0,
    )
    colouring: Colouring = knob(
        "by number",
        "What the colour of a point tells. All of these can be told apart by colour-blind eyes: “by number” has 32 "
        "colours, “few colours” only the seven that differ most, “by confidence” goes from orange (doubtful) to blue "
        "(sure).",
        label="Point colours",
    )
    device: str = knob("auto", "What computes. “Automatic” takes the fastest there is.", label="Device")
    threads: int = knob(
        0,
        "How many processor cores a computation may use.",
        label="Threads",
        minimum=0,
        maximum=64,
        step=1,
        special="automatic",
    )
    backbone: str = knob("buddynet", "The network that is chosen at the start.", label="Network")
    autosave: bool = knob(
        True, "Keep every edit safe within a second, so that nothing is lost if the program ends unexpectedly."
        " Off: only Save keeps them.", label="Autosave",
    )  # fmt: skip
    cache_place: str = knob(
        "", "The folder for downloaded networks and other things that can be had again; empty is the usual place.",
        label="Cache folder",
    )  # fmt: skip
    cache_limit: float = knob(
        0.0,
        "When the cache grows beyond this, what was not used for the longest time is removed.",
        label="Cache size",
        unit="GB",
        minimum=0.0,
        maximum=500.0,
        soft_maximum=20.0,
        step=0.5,
        special="no limit",
    )

    @property
    def point_style(self) -> PointStyle:
        """How points are drawn."""
        return PointStyle(self.point_size, self.colouring)


SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (translatable("Appearance"), ("language", "theme", "point_size", "colouring")),
    (translatable("Computing"), ("device", "threads", "backbone")),
    (translatable("Files"), ("autosave", "cache_place", "cache_limit")),
)
"""Title and knobs of each part of the dialog."""


def load_preferences(settings: Settings) -> Preferences:
    """What was remembered. Theme, device and network are changed elsewhere too and have places of their own."""
    remembered = settings.options(Preferences, KEY)
    return remembered.with_values(theme=settings.theme, device=settings.device, backbone=settings.network("match"))


def store_preferences(settings: Settings, preferences: Preferences) -> None:
    """Remember."""
    settings.set_options(KEY, preferences)
    settings.theme, settings.device = preferences.theme, preferences.device
    settings.set_network("match", preferences.backbone)
