"""The end of the panel of the mode Style: run, pause, finish and cancel, how far it is, and what is left."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from studio.gui.style.runner import StyleRunner
from studio.gui.widgets.jobs_view import duration
from studio.jobs import JobState
from studio.language import tr
from studio.progress import Progress


class RunFoot(QWidget):
    """Shows a `StyleRunner` and steers it; who asks for a run is the panel's business."""

    def __init__(self, runner: StyleRunner) -> None:
        super().__init__()
        self._runner = runner
        self.run_button, self.pause_button = QPushButton(tr("Run")), QPushButton(tr("Pause"))
        self.finish_button, self.cancel_button = QPushButton(tr("Finish")), QPushButton(tr("Cancel"))
        self.run_button.setObjectName("primary")
        self.run_button.setToolTip(tr("Make the picture (Ctrl+R)"))
        self.pause_button.setCheckable(True)
        self.pause_button.setToolTip(tr("Hold the run, look at it, change weights, and go on (Ctrl+Shift+P)"))
        self.finish_button.setToolTip(tr("End the run now, with the picture as it is, at its full size"))
        self.cancel_button.setToolTip(tr("Give the run up; the last picture that was shown stays (Shift+Esc)"))
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the style"))
        self.status, self.time_left = QLabel(wordWrap=True), QLabel()
        self.status.setObjectName("muted")
        self.time_left.setObjectName("muted")
        self._timer = QTimer(self)
        self._timer.setInterval(250)
        self._timer.timeout.connect(self._show_time)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button, share in (
            (self.run_button, 3),
            (self.pause_button, 2),
            (self.finish_button, 2),
            (self.cancel_button, 2),
        ):
            buttons.addWidget(button, share)
        texts = QHBoxLayout()
        texts.addWidget(self.status, 1)
        texts.addWidget(self.time_left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 12)
        layout.setSpacing(7)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addLayout(texts)
        self.pause_button.toggled.connect(self.set_paused)
        self.finish_button.clicked.connect(runner.finish)
        self.cancel_button.clicked.connect(runner.cancel)
        runner.progressed.connect(self._on_progress)
        runner.changed.connect(self._on_changed)

    def set_paused(self, paused: bool) -> None:
        """Hold the run, or go on."""
        self._runner.set_paused(paused)
        self._follow_pause()

    def say(self, words: str, share: float | None = None) -> None:
        """Write below the bar, which is set to `share`, 0 to 1, if there is one."""
        self.status.setText(words)
        if share is not None:
            self.bar.setValue(round(share * 1000))

    def set_ready(self, ready: bool) -> None:
        """Whether there is something to run."""
        running = self._runner.is_running
        self.run_button.setEnabled(ready and not running)
        for button in (self.pause_button, self.finish_button, self.cancel_button):
            button.setEnabled(running)

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()

    def _on_progress(self, event: Progress) -> None:
        self.say(event.message, event.fraction)

    def _on_changed(self) -> None:
        if self._runner.is_running:
            self._timer.start()
        else:
            self._timer.stop()
            self.time_left.clear()
        self._follow_pause()
        if self._runner.is_paused:
            self.say(tr("paused; weights may be changed"))

    def _follow_pause(self) -> None:
        if self.pause_button.isChecked() != self._runner.is_paused:
            self.pause_button.setChecked(self._runner.is_paused)

    def _show_time(self) -> None:
        handle = self._runner.handle
        if handle is None:
            return
        if handle.state is JobState.QUEUED:
            self.say(tr("waiting for the job before"))
        left = handle.seconds_left()
        self.time_left.setText(
            tr("{duration} left", duration=duration(left)) if left is not None else duration(handle.elapsed())
        )
