"""Everything that helps a person to find their way: first pictures, the tour, the palette, and the shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget

from studio.gui.shell.actions import menus
from studio.gui.shell.dialogs import shortcut_sheet
from studio.gui.shell.finding import actions_in, knobs_of, settings_of
from studio.gui.shell.shortcuts import ShortcutsDialog
from studio.gui.shell.tour import Step, Tour
from studio.gui.shell.welcome import Welcome, small_samples
from studio.gui.widgets.action import shortcut_text
from studio.gui.widgets.bubble import Ring
from studio.gui.widgets.command_palette import CommandPalette
from studio.gui.widgets.modal import run_modal
from studio.language import tr

if TYPE_CHECKING:
    from studio.gui.shell.main_window import MainWindow

OFFERED = "tour_offered"
"""The flag of the settings that says that the tour was offered."""

LAID_OUT = 30
"""After so long a panel that was just made or unfolded has its layout, ms."""


class Helping(QObject):
    """Puts the helpers into the window; what they lead to is the window's own."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.welcome = Welcome(not window.settings.flag(OFFERED, False))
        self.welcome.hide()
        self.palette = CommandPalette(window)
        self.ring = Ring(window)
        self.tour: Tour | None = None
        self.dialog: ShortcutsDialog | None = None
        self._wanted = ("", "", "")
        self._later = QTimer(self, singleShot=True, interval=LAID_OUT)
        self._later.timeout.connect(self._bring_to_view)
        self.welcome.chosen.connect(self.open_sample)
        self.welcome.tour_asked.connect(self.show_around)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the actions do, by their ids."""
        return {
            "palette": self.find,
            "tour": self.show_around,
            "shortcuts": self.list_shortcuts,
            "edit_shortcuts": self.change_shortcuts,
        }

    def refresh_theme(self) -> None:
        """Take over the colours of another theme."""
        for widget in (self.welcome, self.ring):
            widget.update()

    # --- the first pictures ---

    def show_welcome(self, shown: bool) -> None:
        """Show or hide what stands below empty sides."""
        if not shown:
            self.shutdown()
        self.welcome.setVisible(shown)

    def shutdown(self) -> None:
        """Remember that the tour was offered, if somebody can have read it: the next start says nothing of it."""
        if self.welcome.was_read:
            self._window.settings.set_flag(OFFERED, True)

    def fill_welcome(self, then: Callable[[], None]) -> None:
        """Make the thumbnails, out of sight, where they are wanted; `then` is called when they are there."""
        if self.welcome.isHidden() or not self.welcome.needs_pictures:
            then()
            return
        job = self._window.document.autosave.run(tr("Make thumbnails of the samples"), small_samples)
        job.progressed.connect(self.welcome.show_made)
        job.finished.connect(lambda _: then())
        job.failed.connect(lambda *_: then())

    def open_sample(self, key: str) -> None:
        """Open a sample pair and match it."""
        self._window.opener.open_sample(key, then=self._window.run)

    # --- the palette ---

    def find(self) -> None:
        """Open the palette with all there is now, or close it."""
        if self.palette.isVisible():
            self.palette.close_()
            return
        window = self._window
        self.palette.open(
            [
                *actions_in(window.menuBar(), window.actions_, window.keys, window.docks),
                *knobs_of(window.modes, self.show_knob),
                *settings_of(self.show_setting),
            ]
        )

    def show_knob(self, mode: str, options: str, knob: str) -> None:
        """Enter a mode and bring one of its knobs into view, with the focus on it."""
        window = self._window
        window.modes.show(mode)
        window.docks["mode"].show()
        window.docks["mode"].raise_()
        window.modes.panel(mode).show_options(options)
        self._wanted = (mode, options, knob)
        if self._field() is not None:
            self._later.start()  # after the layout: a form that was just unfolded has no place yet

    def _field(self) -> QWidget | None:
        """Where the knob that was asked for is set."""
        mode, options, knob = self._wanted
        holder = self._window.modes.panel(mode).options_shown().get(options)
        return None if holder is None else holder.field_of(knob)

    def _bring_to_view(self) -> None:
        field = self._field()
        if field is None:
            return
        area = field.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(field, 20, 60)
        field.setFocus()
        if field.window() is self._window:
            self.ring.flash(field)

    def show_setting(self, name: str) -> None:
        """Open the settings at one of them."""
        controller = self._window.settings_controller
        controller.show()
        if controller.dialog is not None:
            controller.dialog.editors[name].setFocus()

    # --- the tour ---

    def show_around(self) -> None:
        """Begin the tour."""
        if self.tour is not None:
            self.tour.end()
        self._window.settings.set_flag(OFFERED, True)
        self.welcome.withdraw_offer()
        self.tour = Tour(self._steps(), self._window.modes, self._window)
        self.tour.ended.connect(self._on_tour_ended)

    def _on_tour_ended(self) -> None:
        if self.tour is not None:
            self.tour.deleteLater()
            self.tour = None

    def _steps(self) -> list[Step]:
        window = self._window
        first, *others = window.modes
        delete = next(map(shortcut_text, window.keys.of("delete_pairs")), window.keys.name("delete_pairs"))
        menu_bar = window.menuBar

        def button(action: str) -> Callable[[], QWidget | None]:
            return lambda: window.toolbar.widgetForAction(window.actions_[action])

        def of_mode(name: str) -> Callable[[], QWidget | None]:
            return lambda: window.modes_bar.widgetForAction(window.actions_[f"mode_{name}"])

        begin = [
            (
                tr("Open"),
                tr(
                    "Begin with two pictures: open them here, drop two files anywhere on the window, or take one of "
                    "the sample pairs in the menu File."
                ),
                button("open_a"),
            ),
            (
                tr(first.title),
                tr(
                    "Run finds which point of A corresponds to which point of B. A pair has the same number and "
                    "colour on both sides."
                ),
                button(first.run_buttons[0]),
            ),
            (
                tr("Points"),
                tr(
                    "Drag a point to correct it, remove it with {key}, or take this tool and click to add pairs: the "
                    "partner is proposed.",
                    key=delete,
                ),
                button("tool_add"),
            ),
        ]
        steps = [Step(title, words, first.name, (find, of_mode(first.name), menu_bar)) for title, words, find in begin]
        return steps + [
            Step(tr(mode.title), tr(mode.help), mode.name, (of_mode(mode.name), menu_bar)) for mode in others
        ]

    # --- shortcuts ---

    def list_shortcuts(self) -> None:
        """Show the sheet of all shortcuts."""
        window = self._window
        run_modal(shortcut_sheet(window, window.modes, window.keys, self.change_shortcuts))

    def change_shortcuts(self) -> None:
        """Open the dialog that gives actions other keys, or bring it to the front."""
        if self.dialog is None:
            window = self._window
            entries = {tr(name): entries for name, entries in menus(window.modes).items()}
            self.dialog = ShortcutsDialog(window.keys, entries, window)
            self.dialog.finished.connect(self._on_dialog_closed)
        self.dialog.show()
        self.dialog.activateWindow()

    def _on_dialog_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
