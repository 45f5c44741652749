"""How the window is laid out in each mode: how A and B stand, who gets the room, and which docks are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from studio.gui.canvas.viewer import Arrangement, Viewer
from studio.gui.mode.mode import Mode
from studio.gui.shell.docks import PANEL
from studio.gui.shell.modes import Modes
from studio.gui.widgets.full_screen import FullScreen
from studio.gui.widgets.settings_store import Settings
from studio.options import Options, knob

EVEN = 0.5
"""What the pictures get at least as long as one is missing: there is no result yet, but something to be opened."""
AT_WORK = 0.55
"""What the pictures get at least while somebody works in them, as with a brush."""
LEAST_ROW = 0.24
"""What pictures side by side get at least of the height: their names take a part of it."""
SLACK = 0.01
"""A share that differs by less is the same."""


class ModeLayout(Options):
    """What one mode looks like; None: as the mode itself says."""

    arrangement: Arrangement | None = knob(None, "How A and B stand.")
    share: float | None = knob(None, "Share of the pictures beside the result.", minimum=0.0, maximum=1.0)
    docks: tuple[str, ...] | None = knob(None, "Docks that are open, the one in front first.")
    height: int = knob(200, "Height of the docks below the pictures.", unit="px", minimum=40, maximum=10000)


class Layouts(QObject):
    """Lays the window out when a mode is entered, and keeps what the person made of it."""

    changed = Signal()
    """The arrangement may be another one."""

    def __init__(
        self,
        window: QMainWindow,
        modes: Modes,
        viewer: Viewer,
        settings: Settings,
        docks: Mapping[str, QDockWidget],
        bars: Sequence[QWidget],
    ) -> None:
        """`docks` by name, to which more may come; `bars` are hidden with the panels."""
        super().__init__(window)
        self._window, self._modes, self._viewer = window, modes, viewer
        self._settings, self._docks, self._bars = settings, docks, bars
        self._kept = {mode.name: settings.options(ModeLayout, f"layout/{mode.name}") for mode in modes}
        self._pending: dict[str, float] = {}
        self._had_both = viewer.state.has_both
        self._at_work = False
        self._hidden: list[QWidget] | None = None
        self._full_screen: FullScreen | None = None
        modes.leaving.connect(self.keep)
        modes.entering.connect(self._prepare)
        modes.changed.connect(self.apply)
        viewer.state.picture_changed.connect(self._on_picture)

    # --- what is so ---

    @property
    def arrangement(self) -> Arrangement:
        """How A and B stand in the mode that is on."""
        mode = self._mode
        return self._kept[mode.name].arrangement or mode.arrangement

    @property
    def are_panels_hidden(self) -> bool:
        """Whether the pictures have the window for themselves."""
        return self._hidden is not None

    @property
    def _mode(self) -> Mode:
        return self._modes[self._modes.current]

    @property
    def _across(self) -> bool:
        """Whether pictures and result stand beside each other: not as long as a picture is missing."""
        return self.arrangement != "sides" and self._had_both

    @property
    def _pane(self) -> QWidget | None:
        """The result pane, if it is there now."""
        pane = self._modes.panel(self._modes.current).result_pane
        return None if pane is None or pane.isHidden() else pane

    # --- a mode comes and goes ---

    def _prepare(self, _: str) -> None:
        """Turn everything the right way round: else the window grows for a moment, and stays so wide."""
        self._viewer.set_arrangement(self.arrangement)
        self._turn()

    def apply(self, name: str) -> None:
        """Lay the window out as it was in a mode, or as the mode wants it."""
        self._viewer.set_arrangement(self.arrangement)
        self._place()
        if self._hidden is None:
            wanted = self._kept[name].docks
            self._show_docks(self._modes[name].docks if wanted is None else wanted, self._kept[name].height)
        else:
            self._show_docks((), 0)
        self.changed.emit()

    def keep(self, name: str) -> None:
        """Remember what a mode, which is on, looks like."""
        kept, mode = self._kept[name], self._modes[name]
        values: dict[str, object] = {}
        share = self._share_now()
        if share is not None and not self._at_work and abs(share - self._wanted_share()) > SLACK:
            if self._had_both:
                values["share"] = share
            else:
                self._pending[name] = share
        if self._hidden is None:
            shown = self._shown_docks()
            as_ever = set(shown) == self._there(mode.docks) and shown[:1] == mode.docks[:1]
            values["docks"] = None if kept.docks is None and as_ever else shown
            heights = [self._docks[dock].height() for dock in shown if not self._docks[dock].isFloating()]
            if heights and self._window.isVisible():
                values["height"] = max(40, *heights)
        self._set(name, **values)

    def keep_now(self) -> None:
        """The window closes: remember what is on, and put back what is hidden, so that the next start has it."""
        if self._hidden is not None:
            self.set_panels_hidden(False)
        self.keep(self._modes.current)

    def choose(self, arrangement: Arrangement) -> None:
        """Have A and B stand another way in the mode that is on; the shares begin anew."""
        if arrangement == self.arrangement:
            return
        self._pending.pop(self._modes.current, None)
        self._set(self._modes.current, arrangement=arrangement, share=None)
        self._viewer.set_arrangement(arrangement)
        self._place()
        self.changed.emit()

    def _set(self, name: str, **values: object) -> None:
        kept = self._kept[name].with_values(**values)
        if kept != self._kept[name]:
            self._kept[name] = kept
            self._settings.set_options(f"layout/{name}", kept)

    # --- pictures and result ---

    def _on_picture(self, _: str) -> None:
        both = self._viewer.state.has_both
        if both != self._had_both:
            self.keep(self._modes.current)
            self._had_both = both
            self._place()

    def share_anew(self, comes: bool) -> None:
        """The result pane has come, or will go."""
        if comes:
            self._place()
        else:
            self.keep(self._modes.current)

    def give_room(self, wanted: bool) -> None:
        """Let the pictures be large while the person works in them, and as they were afterwards."""
        if wanted != self._at_work:
            self.keep(self._modes.current)
            self._at_work = wanted
            self._place()

    def _wanted_share(self) -> float:
        share = self._share_at_rest()
        return max(share, AT_WORK) if self._at_work else share

    def _share_at_rest(self) -> float:
        name, mode = self._modes.current, self._mode
        kept = self._kept[name].share if self._had_both else self._pending.get(name)
        if kept is not None:
            return kept
        least = 0.0 if self._across else LEAST_ROW
        return max(mode.pictures_share, least if self._had_both else EVEN)

    def _share_now(self) -> float | None:
        """What the pictures have; None if nobody chose it: there is no result, or they are as small as they can be."""
        sizes, pane = self._modes.splitter.sizes(), self._pane
        if pane is None or self._modes.splitter.indexOf(pane) < 0:
            return None
        pictures, result = sizes[0], sizes[self._modes.splitter.indexOf(pane)]
        hint = self._viewer.minimumSizeHint()
        least = hint.width() if self._across else hint.height()
        return pictures / (pictures + result) if pictures > least + 1 and pictures + result > 0 else None

    def _turn(self) -> None:
        self._modes.splitter.setOrientation(Qt.Orientation.Horizontal if self._across else Qt.Orientation.Vertical)

    def _place(self) -> None:
        splitter, pane = self._modes.splitter, self._pane
        self._turn()
        if pane is None:
            return
        share = self._wanted_share()
        whole = max(splitter.width() if self._across else splitter.height(), 1000)
        others = [splitter.widget(place) for place in range(1, splitter.count())]
        splitter.setSizes([round(whole * share), *(round(whole * (1 - share)) if one is pane else 0 for one in others)])

    # --- docks ---

    def _there(self, names: Sequence[str]) -> set[str]:
        return {name for name in names if name in self._docks}

    def _shown_docks(self) -> tuple[str, ...]:
        """Names of the docks that are open, those in front first."""
        names = [name for name, dock in self._docks.items() if name != PANEL and not dock.isHidden()]
        return tuple(sorted(names, key=lambda name: self._docks[name].visibleRegion().isEmpty()))

    def _show_docks(self, names: Sequence[str], height: int) -> None:
        for name, dock in self._docks.items():
            if name != PANEL and dock.isHidden() == (name in names):
                dock.setVisible(name in names)
        there = [self._docks[name] for name in names if name in self._docks]
        if there:
            self._window.resizeDocks([there[0]], [height], Qt.Orientation.Vertical)
            # Not before Qt has put the tabs in order: until then none can be brought to the front.
            QTimer.singleShot(0, self, there[0].raise_)

    def open_dock(self, name: str) -> None:
        """Bring a dock to the front."""
        self._docks[name].show()
        self._docks[name].raise_()

    # --- more room ---

    def set_panels_hidden(self, hidden: bool) -> None:
        """Leave the window to the pictures and the result, or bring everything back that was there."""
        if hidden == self.are_panels_hidden:
            return
        if hidden:
            self.keep(self._modes.current)
            self._hidden = [one for one in (self._docks[PANEL], *self._bars) if not one.isHidden()]
            for one in self._hidden:
                one.hide()
            self._show_docks((), 0)
            return
        for one in self._hidden or ():
            one.show()
        self._hidden = None
        self.apply(self._modes.current)

    def toggle_full_screen(self) -> None:
        """Fill the screen with the result or, in a mode without one, with the pictures; or come back."""
        if self._full_screen is not None:
            self._full_screen.close()
            return
        of_the_mode = self._modes.panel(self._modes.current).full_screen()
        if of_the_mode is not None:
            of_the_mode()
            return
        self._full_screen = FullScreen(self._viewer)
        self._full_screen.left.connect(self._on_left)

    def _on_left(self) -> None:
        self._full_screen = None
        self._place()
