"""The end of every panel: run, pause, finish and cancel, how far the job is, and what is left."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from studio.gui.widgets.action import TipFollower, follow_keys
from studio.gui.widgets.jobs_view import duration
from studio.gui.widgets.usable import own_tip, set_tip, set_usable
from studio.jobs import JobHandle, JobState
from studio.language import tr
from studio.progress import Progress

TICK = 250
"""Between two looks at the time that is left, ms."""


class RunFoot(QWidget):
    """Follows one job after the other and pauses them; what runs, and what ends it, is the panel's business.

    Parameters
    ----------
    bar : str
        What the bar is called for people who hear it.
    run, finish : str
        Words of the button that begins, and tooltip of the one that ends early with what there is; without one there
        is no such button.
    run_tip, pause_tip, cancel_tip : str
    paused : str
        What is said while the job pauses.
    """

    paused_changed = Signal(bool)
    running_changed = Signal()
    """A job began to be followed, or ended."""
    progressed = Signal()
    """The job that is followed came further."""

    def __init__(
        self,
        bar: str,
        cancel_tip: str,
        *,
        run: str = "",
        run_tip: str = "",
        pause_tip: str = "",
        finish: str = "",
        paused: str = "",
    ) -> None:
        super().__init__()
        self._handle: JobHandle | None = None
        self._ready = False
        self._why_not, self._pause_tip = "", pause_tip
        self._pause_keys: TipFollower | None = None
        self._paused_words = paused or tr("paused")
        self.run_button, self.pause_button = QPushButton(run), QPushButton(tr("Pause"))
        self.finish_button, self.cancel_button = QPushButton(tr("Finish")), QPushButton(tr("Cancel"))
        self.run_button.setObjectName("primary")
        self.pause_button.setCheckable(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(bar)
        self.status, self.time_left = QLabel(wordWrap=True), QLabel(alignment=Qt.AlignmentFlag.AlignRight)
        for label in (self.status, self.time_left):
            label.setObjectName("muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(5)
        for button, is_there, tip, share in (
            (self.run_button, bool(run), run_tip, 3),
            (self.pause_button, bool(pause_tip), pause_tip, 2),
            (self.finish_button, bool(finish), finish, 2),
            (self.cancel_button, True, cancel_tip, 2),
        ):
            button.setToolTip(tip)
            button.setProperty("tight", True)
            if is_there:
                buttons.addWidget(button, share)
            else:  # hidden, so that nobody has to ask whether it is there
                button.setParent(self)
                button.hide()
        texts = QHBoxLayout()
        texts.addWidget(self.status, 1)
        texts.addWidget(self.time_left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(7)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addLayout(texts)
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self._show_time)
        self.pause_button.toggled.connect(self.set_paused)
        self._refresh()

    # --- what runs ---

    @property
    def handle(self) -> JobHandle | None:
        """The job that is followed, until it ends."""
        return self._handle

    @property
    def is_running(self) -> bool:
        """Whether the job that is followed waits, goes on or pauses."""
        return self._handle is not None and not self._handle.state.is_final

    @property
    def is_paused(self) -> bool:
        return self._handle is not None and self._handle.state is JobState.PAUSED

    def follow(self, handle: JobHandle) -> None:
        """Show this job until it ends; what was followed before is heard of no more."""
        if handle is self._handle:
            return
        self._handle = handle
        handle.progressed.connect(lambda event: self._on_progress(handle, event))
        handle.state_changed.connect(lambda: self._on_state(handle))
        self.say(tr("waiting"), 0.0)
        self._timer.start()
        self._refresh()
        self.running_changed.emit()

    def set_ready(self, ready: bool, why_not: str = "") -> None:
        """Whether there is something to run; if not, `why_not` is the sentence that says what is missing."""
        self._ready, self._why_not = ready, why_not
        self._refresh()

    def set_paused(self, paused: bool) -> None:
        """Hold the job, or go on."""
        if self._handle is not None:
            (self._handle.pause if paused else self._handle.resume)()
        self._refresh()

    def say(self, words: str, share: float | None = None) -> None:
        """Write below the bar, which is set to `share`, 0 to 1, if there is one."""
        self.status.setText(words)
        if share is not None:
            self.bar.setValue(round(share * 1000))

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()

    def tell_keys(self, run: QAction, pause: QAction, cancel: QAction) -> None:
        """Name the shortcuts of the actions that do the same in the tooltips of the buttons."""
        for button, action in ((self.run_button, run), (self.cancel_button, cancel)):
            follow_keys(button, action)
        self._pause_keys = follow_keys(self.pause_button, pause)

    def lend_pause_to(self, action: QAction) -> None:
        """Keep a checkable action of the menu in step with the button, and have it say what it does next."""
        text, short = action.text(), action.iconText()
        usual, was_paused = "", False

        def follow(paused: bool) -> None:
            nonlocal usual, was_paused
            action.setChecked(paused)
            action.setText(tr("Continue") if paused else text)
            action.setIconText(tr("Continue") if paused else short)
            if paused == was_paused:
                return
            was_paused = paused
            if paused:
                usual = own_tip(action)
            set_tip(action, tr("Go on where it paused") if paused else usual)

        self.paused_changed.connect(follow)

    def _on_progress(self, handle: JobHandle, event: Progress) -> None:
        if handle is self._handle:
            self.say(event.message, event.fraction)
            self.progressed.emit()

    def _on_state(self, handle: JobHandle) -> None:
        if handle is not self._handle:
            return
        if handle.state.is_final:
            self._handle = None
            self._timer.stop()
            self.time_left.clear()
            self.running_changed.emit()
        elif self.is_paused:
            self.say(self._paused_words)
        self._refresh()

    def _refresh(self) -> None:
        running, paused = self.is_running, self.is_paused
        why_not = tr("It is running already.") if running else self._why_not
        set_usable(self.run_button, self._ready and not running, why_not)
        for button in (self.pause_button, self.finish_button, self.cancel_button):
            set_usable(button, running, tr("Nothing is running."))
        if self.pause_button.isChecked() != paused:
            self.pause_button.setChecked(paused)
        self.pause_button.setText(tr("Continue") if paused else tr("Pause"))
        tip = tr("Go on where it paused") if paused else self._pause_tip
        if self._pause_keys is not None:
            self._pause_keys.say(tip)
        else:
            set_tip(self.pause_button, tip)
        self.paused_changed.emit(paused)

    def _show_time(self) -> None:
        handle = self._handle
        if handle is None:
            return
        if handle.state is JobState.QUEUED:
            self.say(tr("waiting for the job before"))
            return
        left = handle.seconds_left()
        self.time_left.setText(
            tr("{duration} left", duration=duration(left)) if left is not None else duration(handle.elapsed())
        )
