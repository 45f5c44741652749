"""The time of a morph: a big slider with ticks, play, loop, ping-pong and speed, and the badge of its warp."""

from __future__ import annotations

import time

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.gui.morph.responder import Folds
from studio.gui.widgets.number_boxes import NumberBox
from studio.gui.widgets.theme import colors, icon
from studio.gui.widgets.usable import set_usable
from studio.language import tr, trn

POSITIONS = 1000
"""Steps of the slider from one picture to the next."""
FRAME_INTERVAL = 16
"""Milliseconds between two frames of the player; the worker leaves out what it can't render in time."""

WORD = 48
"""What a word below the slider takes, px; with less room there are fewer words."""
NARROW = 580
"""Where the whole row has less, px, the pace is told by its tooltip only."""


class TimeSlider(QSlider):
    """A slider that jumps to where it is clicked."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, POSITIONS)
        self.setSingleStep(POSITIONS // 100)
        self.setPageStep(POSITIONS // 10)
        self.setAccessibleName(tr("Time from A to B"))
        self.setToolTip(tr("From A to B: drag, or use the arrow keys, Page Up and Down, Home and End"))

    def position_of(self, value: int) -> float:
        """Where the middle of the handle stands for a value, in pixels of this widget."""
        handle = self._handle_width()
        return handle / 2 + (self.width() - handle) * value / self.maximum()

    def _handle_width(self) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, control = self.style(), QStyle.ComplexControl.CC_Slider
        return style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self).width()

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton:
            handle = self._handle_width()
            self.setValue(round((ev.position().x() - handle / 2) / max(self.width() - handle, 1) * self.maximum()))
        super().mousePressEvent(ev)


class _Ticks(QWidget):
    """Marks and words below the slider."""

    def __init__(self, slider: TimeSlider) -> None:
        super().__init__()
        self._slider = slider
        self.names = ["A", "B"]
        self.setFixedHeight(22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        legs = len(self.names) - 1
        # A mark each 20th of the way between two pictures, fewer of them and fewer words the more pictures there are.
        marks, words = (20, 4) if legs == 1 else (10, 2) if legs <= 3 else (4, 1)
        while words > 1 and self.width() < WORD * words * legs:
            words //= 2
        for tick in range(marks * legs + 1):
            x = self._slider.position_of(tick * POSITIONS // marks)
            leg, within = divmod(tick, marks)
            painter.setPen(QPen(QColor(colors().muted), 1))
            painter.drawLine(QPointF(x, 0), QPointF(x, 6 if tick * words % marks == 0 else 3))
            if tick * words % marks == 0:
                text = self.names[leg] if within == 0 else f"{100 * within // marks} %"
                rect = QRectF(min(max(x - 30, 0.0), self.width() - 60), 7, 60, 15)
                flag = {0: Qt.AlignmentFlag.AlignLeft, marks * legs: Qt.AlignmentFlag.AlignRight}.get(
                    tick, Qt.AlignmentFlag.AlignHCenter
                )
                painter.drawText(rect, flag, text)


class Badge(QPushButton):
    """Says in green or red whether the warp is one-to-one; while it is down, what folds is outlined.

    It tells of the whole way, the outline of the moment shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folds: Folds | None = None
        self.setFlat(True)
        self.setCheckable(True)
        self.setAccessibleName(tr("Whether the warp is one-to-one"))
        self.set_folds(None)

    def set_folds(self, folds: Folds | None) -> None:
        """Show what was found; None while nothing is known."""
        self.folds = folds
        # Its place is kept, so that the slider beside it never moves.
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(142)
        self.setVisible(folds is not None)
        c = colors()
        if folds is None:
            color, text, tip = c.muted, "–", tr("Whether every place of one picture comes from a place of its own")
        elif folds.count:
            color = c.error
            text = trn("Folds at {number} place", "Folds at {number} places", folds.count)
            if self.isChecked() and not len(folds.places):
                text = tr("None at this moment")
            tip = tr(
                "Points cross there on the way, and the picture is turned over. Click to outline what folds of the "
                "picture shown, and again for nothing."
            )
        else:
            color, text, tip = (
                c.success,
                tr("One to one"),
                tr("Every place of one picture comes from a place of its own"),
            )
        self.setText(text)
        self.setToolTip(tip)
        folded = bool(folds is not None and folds.count)
        set_usable(self, folded or self.isChecked(), tr("Nothing folds that could be shown."))
        self.setStyleSheet(
            f"QPushButton {{ color: {color}; border: 1px solid {color}; border-radius: 10px; padding: 4px 10px;"
            " background: transparent; font-weight: 600; }"
            f"QPushButton:checked {{ color: {c.canvas}; background: {color}; }}"
        )


class Transport(QWidget):
    """Everything about time. It runs from 0 (A) to 1 (B), and on to 2 (C) and further if there are more pictures."""

    time_changed = Signal(float)
    """(t) by slider, key or player"""
    playing_changed = Signal(bool)
    settings_changed = Signal()
    """Loop, ping-pong or speed."""

    def __init__(self) -> None:
        super().__init__()
        self._time = 0.5
        self._forward = True
        self._last = 0.0
        self.slider = TimeSlider()
        self._ticks = _Ticks(self.slider)
        self.play_button, self.loop_button, self.ping_pong_button = (QToolButton() for _ in range(3))
        self.speed = NumberBox()
        self.speed.setRange(0.2, 60.0)
        self.speed.setValue(2.0)
        self.speed.setSingleStep(0.5)
        self.speed.setDecimals(1)
        self.speed.setSuffix(" s")
        self.speed.setFixedWidth(64)
        self.speed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.speed.setAccessibleName(tr("Seconds from A to B"))
        self.speed.setToolTip(tr("Seconds that the way from A to B takes while playing"))
        self.value_label = QLabel()
        self.value_label.setMinimumWidth(44)
        self.value_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.badge = Badge()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_INTERVAL)
        self._timer.timeout.connect(self._advance)
        self._lay_out()
        self.slider.valueChanged.connect(lambda value: self.set_time(value / POSITIONS))
        self.play_button.toggled.connect(self._on_play)
        self.loop_button.toggled.connect(lambda on: self._on_repeat(on, self.ping_pong_button))
        self.ping_pong_button.toggled.connect(lambda on: self._on_repeat(on, self.loop_button))
        self.speed.valueChanged.connect(lambda _: self.settings_changed.emit())
        self.refresh_theme()
        self.set_time(self._time)

    def _lay_out(self) -> None:
        pace = QLabel(tr("A to B in"))
        pace.setObjectName("muted")
        pace.setBuddy(self.speed)
        pace.setMinimumWidth(1)  # it gives way
        self._pace = pace
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for button, tip in (
            (self.play_button, tr("Play from A to B, or stop (K)")),
            (self.loop_button, tr("Begin again at A after B")),
            (self.ping_pong_button, tr("Go back from B to A, and so on")),
        ):
            button.setCheckable(True)
            button.setIconSize(QSize(20, 20))
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(pace)
        row.addSpacing(4)
        row.addWidget(self.speed)
        row.addSpacing(8)
        column = QVBoxLayout()
        column.setContentsMargins(0, 5, 0, 0)
        column.setSpacing(1)
        column.addWidget(self.slider)
        column.addWidget(self._ticks)
        row.addLayout(column, 1)
        row.addWidget(self.value_label)
        row.addSpacing(8)
        row.addWidget(self.badge)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 2, 10, 4)
        layout.addLayout(row)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._pace.setVisible(event.size().width() >= NARROW)

    def refresh_theme(self) -> None:
        self.play_button.setIcon(icon("pause" if self.is_playing else "play"))
        self.loop_button.setIcon(icon("loop"))
        self.ping_pong_button.setIcon(icon("ping-pong"))
        self.badge.set_folds(self.badge.folds)

    def set_names(self, names: list[str]) -> None:
        """The pictures that the way leads through, two at least."""
        if names == self._ticks.names:
            return
        self._ticks.names = names
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, POSITIONS * self.end)
        self._ticks.update()
        self.set_time(self._time)

    @property
    def end(self) -> int:
        """The moment of the last picture."""
        return len(self._ticks.names) - 1

    @property
    def time(self) -> float:
        return self._time

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def set_time(self, t: float) -> None:
        """Go to a moment."""
        self._time = min(max(t, 0.0), float(self.end))
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(self._time * POSITIONS))
        self._show_time()
        self.time_changed.emit(self._time)

    def set_playing(self, on: bool) -> None:
        self.play_button.setChecked(on)

    def _on_play(self, on: bool) -> None:
        if on == self.is_playing:
            return
        if on:
            self._last = time.monotonic()
            if self._time >= self.end and not self.ping_pong_button.isChecked():
                self.set_time(0.0)
            self._timer.start()
        else:
            self._timer.stop()
        self.refresh_theme()
        self.playing_changed.emit(on)

    def _advance(self) -> None:
        now = time.monotonic()
        step = (now - self._last) / self.speed.value()
        self._last = now
        if self.ping_pong_button.isChecked():
            there_and_back = 2.0 * self.end
            phase = ((self._time if self._forward else there_and_back - self._time) + step) % there_and_back
            self._forward = phase <= self.end
            self.set_time(phase if self._forward else there_and_back - phase)
            return
        t = self._time + step
        if t >= self.end and not self.loop_button.isChecked():
            self.set_time(self.end)
            self.set_playing(False)
        else:
            self.set_time(t % self.end)

    def _on_repeat(self, on: bool, rival: QToolButton) -> None:
        if on:
            rival.setChecked(False)
        if not self.ping_pong_button.isChecked():
            self._forward = True
        self.settings_changed.emit()

    def _show_time(self) -> None:
        leg = min(int(self._time), self.end - 1)
        start = f"{self._ticks.names[leg]} + " if self.end > 1 else ""
        self.value_label.setText(f"{start}{(self._time - leg) * 100:.0f} %")
