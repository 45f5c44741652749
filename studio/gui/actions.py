"""Every action of the window in one table: name, tip, shortcut, icon, menu, and when it can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from studio.gui.theme import icon


@dataclass(frozen=True, slots=True)
class Conditions:
    """What actions depend on."""

    any_picture: bool = False
    both_pictures: bool = False
    pairs: bool = False
    running: bool = False
    morph: bool = False
    """The mode Morph is on and has pairs to work with."""
    may_export: bool = False
    """There is a morph, and none is being written."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. `menu` is "File", "View", ...; `enabled_when` is asked after each change."""

    id: str
    title: str
    tip: str
    menu: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    checked: bool = False
    enabled_when: Callable[[Conditions], bool] = lambda _: True
    short: str = ""
    """What the button in the tool bar says, where the title is long."""


SEPARATOR = "-"

ACTIONS: tuple[ActionSpec | str, ...] = (
    ActionSpec(
        "open_a", "Open Picture A…", "Choose the file of picture A", "File", ("Ctrl+O",), "open-a", short="Open A"
    ),
    ActionSpec(
        "open_b", "Open Picture B…", "Choose the file of picture B", "File", ("Ctrl+Shift+O",), "open-b", short="Open B"
    ),
    SEPARATOR,
    ActionSpec(
        "import_pairs",
        "Import Pairs…",
        "Read point pairs from .csv, .json or .txt",
        "File",
        ("Ctrl+I",),
        "import",
        enabled_when=lambda now: now.both_pictures and not now.running,
    ),
    ActionSpec(
        "export_pairs",
        "Export Pairs…",
        "Write the pairs shown to .csv, .json or .txt",
        "File",
        ("Ctrl+E",),
        "export",
        enabled_when=lambda now: now.pairs,
    ),
    ActionSpec(
        "export_overlay",
        "Export Overlay Picture…",
        "Save both pictures side by side with their pairs",
        "File",
        ("Ctrl+Shift+E",),
        "picture",
        enabled_when=lambda now: now.pairs,
    ),
    SEPARATOR,
    ActionSpec("quit", "Quit", "Close the program", "File", ("Ctrl+Q",)),
    ActionSpec(
        "paste",
        "Paste Picture",
        "Put the picture from the clipboard on the side used last, or on an empty one",
        "Edit",
        ("Ctrl+V",),
        "paste",
    ),
    ActionSpec(
        "copy_pairs",
        "Copy Pairs",
        "Copy the pairs shown as a table",
        "Edit",
        ("Ctrl+C",),
        "copy",
        enabled_when=lambda now: now.pairs,
    ),
    ActionSpec(
        "swap",
        "Swap A and B",
        "Exchange the two pictures and their pairs",
        "Edit",
        ("Ctrl+T",),
        "swap",
        short="Swap",
        enabled_when=lambda now: now.any_picture and not now.running,
    ),
    ActionSpec(
        "clear_pairs",
        "Clear Pairs",
        "Remove all pairs",
        "Edit",
        (),
        "close",
        enabled_when=lambda now: now.pairs and not now.running,
    ),
    ActionSpec(
        "fit", "Fit", "Show both pictures whole", "View", ("F",), "fit", enabled_when=lambda now: now.any_picture
    ),
    ActionSpec(
        "actual_size",
        "100 %",
        "One picture pixel to one screen pixel",
        "View",
        ("Ctrl+0",),
        "actual",
        enabled_when=lambda now: now.any_picture,
    ),
    ActionSpec(
        "zoom_in",
        "Zoom In",
        "Enlarge around the middle; the mouse wheel enlarges at the cursor",
        "View",
        ("Ctrl++", "Ctrl+="),
        "zoom-in",
        enabled_when=lambda now: now.any_picture,
    ),
    ActionSpec(
        "zoom_out",
        "Zoom Out",
        "Reduce around the middle",
        "View",
        ("Ctrl+-",),
        "zoom-out",
        enabled_when=lambda now: now.any_picture,
    ),
    SEPARATOR,
    ActionSpec("link", "Link Views", "Zoom and pan both pictures together", "View", ("L",), "link", True, True),
    ActionSpec(
        "lines", "Show Lines", "Draw a line from each point to its partner", "View", ("Shift+L",), "lines", True, True
    ),
    ActionSpec(
        "numbers", "Show Numbers", "Write its number beside each point", "View", ("Shift+N",), "numbers", True, True
    ),
    SEPARATOR,
    ActionSpec(
        "mode_match",
        "Match Mode",
        "Find pairs of points",
        "View",
        ("Ctrl+1",),
        "mode-match",
        True,
        True,
        short="Match",
    ),
    ActionSpec(
        "mode_morph",
        "Morph Mode",
        "Turn one picture into the other along the pairs",
        "View",
        ("Ctrl+2",),
        "mode-morph",
        True,
        short="Morph",
    ),
    SEPARATOR,
    ActionSpec(
        "theme",
        "Switch Light and Dark",
        "Change between the light and the dark window",
        "View",
        ("Ctrl+Shift+D",),
        "theme",
    ),
    ActionSpec(
        "run",
        "Run Match",
        "Find the best buddies of the two pictures",
        "Match",
        ("Ctrl+Return",),
        "run",
        short="Run",
        enabled_when=lambda now: now.both_pictures and not now.running,
    ),
    ActionSpec(
        "pause",
        "Pause",
        "Hold the match before its next step, or go on",
        "Match",
        ("Ctrl+P",),
        "pause",
        True,
        enabled_when=lambda now: now.running,
    ),
    ActionSpec(
        "cancel",
        "Cancel",
        "Give the running match up",
        "Match",
        ("Esc",),
        "cancel",
        enabled_when=lambda now: now.running,
    ),
    SEPARATOR,
    ActionSpec(
        "coarser",
        "Show Coarser Level",
        "Show the pairs of the next coarser level",
        "Match",
        ("[",),
        enabled_when=lambda now: now.both_pictures,
    ),
    ActionSpec(
        "finer",
        "Show Finer Level",
        "Show the pairs of the next finer level, and at last the result",
        "Match",
        ("]",),
        enabled_when=lambda now: now.both_pictures,
    ),
    ActionSpec(
        "play",
        "Play",
        "Play from A to B, or stop",
        "Morph",
        ("K",),
        "play",
        True,
        enabled_when=lambda now: now.morph,
    ),
    ActionSpec(
        "loop",
        "Loop",
        "Begin again at A after B",
        "Morph",
        (),
        "loop",
        True,
        enabled_when=lambda now: now.morph,
    ),
    ActionSpec(
        "ping_pong",
        "Ping-Pong",
        "Go back from B to A, and so on",
        "Morph",
        (),
        "ping-pong",
        True,
        enabled_when=lambda now: now.morph,
    ),
    SEPARATOR,
    ActionSpec(
        "export_film",
        "Export Film…",
        "Write the morph as MP4, WebP, APNG, GIF or a folder of pictures",
        "Morph",
        ("Ctrl+M",),
        "export",
        enabled_when=lambda now: now.may_export,
    ),
    ActionSpec(
        "save_still",
        "Save Still…",
        "Save the picture of this moment",
        "Morph",
        ("Ctrl+Shift+M",),
        "picture",
        enabled_when=lambda now: now.may_export,
    ),
    ActionSpec(
        "save_warped",
        "Save Warped Pictures…",
        "Save both pictures, each bent to the shape of this moment",
        "Morph",
        enabled_when=lambda now: now.may_export,
    ),
    ActionSpec(
        "save_field",
        "Save Field…",
        "Save where every pixel of the frame is looked up, for A and for B",
        "Morph",
        enabled_when=lambda now: now.may_export,
    ),
    ActionSpec("shortcuts", "Keyboard Shortcuts", "List all shortcuts", "Help", ("?", "F1"), "help"),
    ActionSpec("open_logs", "Open Log Folder", "Show the folder of the log files", "Help", (), "folder"),
    ActionSpec("about", "About Buddies Studio", "Versions, device and licence", "Help"),
)

MENUS = ("File", "Edit", "View", "Match", "Morph", "Help")
TOOLBAR: tuple[str, ...] = (
    "open_a",
    "open_b",
    "swap",
    SEPARATOR,
    "run",
    "pause",
    "cancel",
    SEPARATOR,
    "fit",
    "actual_size",
    "zoom_in",
    "zoom_out",
    SEPARATOR,
    "link",
    "lines",
    "numbers",
    SEPARATOR,
    "theme",
)


def specs() -> list[ActionSpec]:
    """The actions without the separators."""
    return [entry for entry in ACTIONS if isinstance(entry, ActionSpec)]


def tip_with_shortcut(spec: ActionSpec) -> str:
    """The tooltip: what the action does, and its first shortcut as this desktop writes it."""
    keys = [QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) for keys in spec.shortcuts[:1]]
    return f"{spec.tip} ({keys[0]})" if keys else spec.tip


class Actions:
    """The QActions of the table, connected to their handlers.

    Raises `KeyError` at once if an action has no handler or a handler no action.
    """

    def __init__(self, parent: QObject, handlers: Mapping[str, Callable[..., object]]) -> None:
        self._specs = {spec.id: spec for spec in specs()}
        if set(handlers) != set(self._specs):
            raise KeyError(f"actions and handlers differ: {sorted(set(handlers) ^ set(self._specs))}")
        self._actions: dict[str, QAction] = {}
        for spec in self._specs.values():
            action = QAction(spec.title, parent)
            action.setObjectName(spec.id)
            action.setShortcuts([QKeySequence(keys) for keys in spec.shortcuts])
            action.setIconText(spec.short or spec.title)
            action.setToolTip(tip_with_shortcut(spec))
            action.setCheckable(spec.checkable)
            action.setChecked(spec.checked)
            if spec.id == "quit":
                action.setMenuRole(QAction.MenuRole.QuitRole)
            elif spec.id == "about":
                action.setMenuRole(QAction.MenuRole.AboutRole)
            (action.toggled if spec.checkable else action.triggered).connect(_without_extras(spec, handlers[spec.id]))
            self._actions[spec.id] = action
        self.refresh_theme()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def refresh_theme(self) -> None:
        for spec in self._specs.values():
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon))

    def refresh(self, now: Conditions) -> None:
        """Enable and disable after something changed."""
        for spec in self._specs.values():
            self._actions[spec.id].setEnabled(spec.enabled_when(now))


def _without_extras(spec: ActionSpec, handler: Callable[..., object]) -> Callable[..., object]:
    """`triggered` carries a flag that only checkable actions care for."""
    return handler if spec.checkable else lambda *_: handler()
