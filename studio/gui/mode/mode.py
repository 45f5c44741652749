"""The contract between the window and the room of a mode: `Mode` says what there is, `ModePanel` what can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from studio.document import Document
from studio.features.store import FeatureStore
from studio.gui.canvas.pair_editor import PairEditor
from studio.gui.canvas.state import StudioState
from studio.gui.canvas.viewer import Arrangement, Viewer
from studio.gui.mode.kept_pictures import KeptPictures
from studio.gui.mode.network import NetworkChooser
from studio.gui.widgets.action import ActionSpec, Condition
from studio.gui.widgets.forms import OptionsHolder
from studio.gui.widgets.messages import Messages
from studio.gui.widgets.settings_store import Settings
from studio.jobs import JobQueue

STRIP = 0.12
"""`Mode.pictures_share` where the pictures are a strip beside a result that is looked at: at 1280 x 720 it leaves the
result 45 % of the window."""


@dataclass(frozen=True, eq=False)
class Services:
    """What the window lends to the panel of a mode."""

    state: StudioState
    jobs: JobQueue
    settings: Settings
    messages: Messages
    """Where anything that there is to say goes."""
    viewer: Viewer
    pair_editor: PairEditor
    network: NetworkChooser
    """The choice that matches and views share; a mode may have one of its own."""
    features: FeatureStore = field(default_factory=FeatureStore)
    """What networks said of the pictures: computed by whichever mode asks first, and there for all others."""


@dataclass(frozen=True)
class View:
    """A dock that a mode brings along."""

    name: str
    title: str
    """In the person's language."""
    widget: QWidget


class ModePanel(QWidget):
    """What the window asks of the panel of a mode; each has more to say."""

    ready_changed = Signal()
    """What `conditions` gives, or the choice of a network, may have changed."""
    edited = Signal()
    """Something that the project keeps, but that is no step of undo, changed."""
    action_asked = Signal(str)
    """(id): the person wants another mode's action, which is entered for it"""
    view_asked = Signal(str)
    """(name): bring one of `docks` to the front"""
    pictures_asked = Signal(bool)
    """(whether): the person works in A and B, which need room until it is said that they need it no more"""
    picture_made = Signal(str, object)
    """(side, Picture): put it there"""
    pane_toggled = Signal(bool)
    """(whether it comes): the result pane has come, or will go, while the mode is on, and the room is shared anew"""
    result_made = Signal(str, str, object, object)
    """(kind, name, recipe, Picture or None): the project keeps it"""

    result_pane: QWidget | None = None
    """What stands beside or below the pictures while the mode is on; it may refuse to be shown."""
    network: NetworkChooser | None = None
    """The choice of a network that this panel works with; None: that of `Services`."""

    def full_screen(self) -> Callable[[], object] | None:
        """What fills the screen with the result, or gives it back; None: there is none beside the pictures."""
        return None

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions of its menu do, by id of the action."""
        return {}

    def follow(self, actions: Mapping[str, QAction]) -> None:
        """Keep checkable actions in step with the panel's own buttons."""

    def conditions(self) -> set[Condition]:
        """What is so now, of what the `ActionSpec`s of the room ask for."""
        return set()

    def docks(self) -> tuple[View, ...]:
        """Docks of its own."""
        return ()

    def kept_options(self) -> dict[str, OptionsHolder]:
        """Whose options belong to the project and can be undone, by the name they are kept under.

        The name is that of the mode, or begins with it and a slash.
        """
        return {}

    def kept_pictures(self) -> tuple[KeptPictures, ...]:
        """Lists of pictures that belong to the project; the kind is the name of the mode."""
        return ()

    def set_active(self, active: bool) -> None:
        """Whether the mode is on."""

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""

    def shutdown(self, timeout: float = 5.0) -> bool:
        """End threads of its own; False if one is still busy after `timeout` seconds."""
        return True


@dataclass(frozen=True, eq=False)
class Mode:
    """All that the window knows of a mode before its panel is made, when it is first entered or asked for something.

    Parameters
    ----------
    name : str
        Of the room; what a project keeps of the mode is kept under it.
    title, entry, tip, help : str
        Texts for the bar of modes, its entry in the menu View, its tooltip, and what the mode is for; translatable.
    actions : tuple
        `ActionSpec`s and separators: the mode's menu.
    run_buttons : tuple of str
        Ids of the actions that stand in the middle of the tool bar while the mode is on.
    make : callable
        Makes the panel. It imports the panel's module, so that the start need not.
    conditions : callable
        What `ModePanel.conditions` would say of this state, if there were a panel.
    keeps : callable
        Whether a project has something that only the panel can show, beside options and pictures of its name.
    point_menu : tuple of str
        Ids of actions for the menu of a point.
    table_buttons : tuple of str
        Ids of actions for buttons above the table of pairs.
    arrangement : Arrangement
        How A and B stand until the person says otherwise. The result pane stands below them where they are side by
        side, and on their right otherwise.
    pictures_share : float
        What both pictures, once they are open, get of the room beside the result pane until the person says
        otherwise, 0 to 1. Less than they need is a strip, as narrow as it can be: the result comes first.
    docks : tuple of str
        Names of the docks that are open, the first one in front, until the person says otherwise.
    """

    name: str
    title: str
    entry: str
    tip: str
    help: str
    icon: str
    actions: tuple[ActionSpec | str, ...]
    run_buttons: tuple[str, ...]
    make: Callable[[Services], ModePanel]
    conditions: Callable[[StudioState], set[Condition]] = lambda _: set()
    keeps: Callable[[Document], bool] = lambda _: False
    point_menu: tuple[str, ...] = ()
    table_buttons: tuple[str, ...] = ()
    arrangement: Arrangement = "sides"
    pictures_share: float = 0.39
    docks: tuple[str, ...] = ()

    @property
    def specs(self) -> list[ActionSpec]:
        """The actions without the separators."""
        return [entry for entry in self.actions if isinstance(entry, ActionSpec)]

    def is_in(self, document: Document) -> bool:
        """Whether a project has something of this mode."""
        kept = any(name == self.name or name.startswith(f"{self.name}/") for name in document.options)
        listed = any(one.place.startswith(f"{self.name}-") for one in document.further)
        return kept or listed or self.keeps(document)
