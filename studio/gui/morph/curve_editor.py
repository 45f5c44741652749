"""Curves of shape and colour over time, drawn with the mouse: key points are added, dragged and taken away."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.gui.widgets.theme import colors
from studio.language import tr
from studio.morph.curves import CLOSEST, ENDS, MOST_KEYS, Keys, keys_of, text_of
from studio.morph.options import CURVES, MorphOptions
from studio.morph.timing import colour_at, shape_at

GRAB = 9.0
"""How near to a key point a press takes it, px."""
DRAWN = 64
"""Pieces that a curve is drawn in."""
STEP = 0.02
SAMPLES = (0.25, 0.5, 0.75)
"""Moments at which a curve with a name becomes one with key points."""
CURVE_NAMES = ("shape_curve", "colour_curve")
_COLORS = {"colour_curve": "#e8963a"}
"""Of curves beside the first, which has the accent of the theme."""


class CurvePlot(QWidget):
    """Both curves over time; one of them has its key points shown and is edited."""

    edited = Signal(str, str, str)
    """(name of the knob, curve, key): changes of the same key are one step"""

    def __init__(self) -> None:
        super().__init__()
        self._options = MorphOptions()
        self._name = CURVE_NAMES[0]
        self._selected = 0
        self._dragging, self._drags = False, 0
        self._moment = 0.5
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(132)
        self.setAccessibleName(tr("Curves of shape and colour over time"))
        self.setToolTip(
            tr(
                "Click to add a key point, drag it, and take it away with Delete or a right click.\n"
                "Keys: left and right choose a point, up and down move it, Ctrl with left and right in time, "
                "Insert adds one."
            )
        )

    def sizeHint(self) -> QSize:
        return QSize(240, 132)

    # --- what is shown ---

    @property
    def name(self) -> str:
        """The knob whose curve is edited."""
        return self._name

    @property
    def selected(self) -> int:
        """Which key point is selected; 0, the first end, is none that moves."""
        return self._selected

    def set_options(self, options: MorphOptions) -> None:
        """Show the curves of these options."""
        self._options = options
        self._selected = min(self._selected, len(self.keys()) - 1)
        self.update()

    def edit(self, name: str) -> None:
        """Which curve is edited from now on."""
        self._name, self._selected, self._dragging = name, 0, False
        self.update()

    def set_moment(self, t: float) -> None:
        """Where the slider of time stands."""
        self._moment = t
        self.update()

    def keys(self) -> Keys:
        """The key points of the curve that is edited; one with a name has only its ends."""
        curve = str(getattr(self._options, self._name))
        return ENDS if curve in CURVES else keys_of(curve)

    def value(self, t: float, name: str = "") -> float:
        """Of a curve at a moment."""
        at = shape_at if (name or self._name) == CURVE_NAMES[0] else colour_at
        return at(t, self._options)

    # --- places ---

    def plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(10, 9, -10, -20)

    def place(self, t: float, value: float) -> QPointF:
        plot = self.plot()
        return QPointF(plot.left() + t * plot.width(), plot.bottom() - value * plot.height())

    def _at(self, place: QPointF) -> tuple[float, float]:
        plot = self.plot()
        t = (place.x() - plot.left()) / plot.width()
        value = (plot.bottom() - place.y()) / plot.height()
        return min(max(t, 0.0), 1.0), min(max(value, 0.0), 1.0)

    def _near(self, place: QPointF) -> int:
        """The key point below the mouse; 0 if there is none that moves."""
        distances = {index: (self.place(*key) - place).manhattanLength() for index, key in self._inner()}
        nearest = min(distances, key=distances.__getitem__, default=0)
        return nearest if distances.get(nearest, GRAB + 1) <= GRAB else 0

    def _inner(self) -> list[tuple[int, tuple[float, float]]]:
        return list(enumerate(self.keys()))[1:-1]

    # --- what the person does ---

    def add(self, t: float, value: float) -> None:
        """Put a key point, and select it; there is none where another one is too near."""
        keys = self._as_keys()
        if len(keys) < MOST_KEYS and all(abs(t - time) >= CLOSEST for time, _ in keys):
            self._tell(sorted((*keys, (t, value))))
            self._selected = next(index for index, key in self._inner() if abs(key[0] - t) < CLOSEST / 2)
            self.update()

    def take_to(self, t: float, value: float) -> None:
        """Take the selected key point elsewhere, between its neighbours."""
        keys = list(self.keys())
        if 0 < self._selected < len(keys) - 1:
            low, high = keys[self._selected - 1][0] + CLOSEST, keys[self._selected + 1][0] - CLOSEST
            keys[self._selected] = min(max(t, low), high), min(max(value, 0.0), 1.0)
            self._tell(keys)

    def remove(self) -> None:
        """Take the selected key point away."""
        keys = list(self.keys())
        if 0 < self._selected < len(keys) - 1:
            del keys[self._selected]
            self._selected = 0
            self._tell(keys)

    def _as_keys(self) -> Keys:
        """What is edited, as key points: a curve with a name is sampled."""
        curve = str(getattr(self._options, self._name))
        if curve not in CURVES:
            return keys_of(curve)
        return ENDS if curve == "linear" else (ENDS[0], *((t, self.value(t)) for t in SAMPLES), ENDS[1])

    def _tell(self, keys: list[tuple[float, float]]) -> None:
        text = "linear" if len(keys) == 2 else text_of(tuple(keys))
        self._options = self._options.with_values(**{self._name: text})
        self.edited.emit(self._name, text, f"drag {self._name} {self._drags}" if self._dragging else "")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._selected = self._near(at)
        if event.button() == Qt.MouseButton.RightButton:
            self.remove()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._dragging, self._drags = True, self._drags + 1
            if not self._selected:
                self.add(*self._at(at))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self.take_to(*self._at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = Qt.Key(event.key()), len(self.keys()) - 1
        t, value = self.keys()[self._selected]
        in_time = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        side = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key, 0)
        up = {Qt.Key.Key_Down: -STEP, Qt.Key.Key_Up: STEP}.get(key, 0.0)
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove()
        elif key == Qt.Key.Key_Insert:
            self.add(self._moment, self.value(self._moment))
        elif up or (side and in_time):
            self.take_to(t + side * STEP, value + up)
        elif side:
            self._selected = min(max(self._selected + side, 0), max(last - 1, 0))
            self.update()
        else:
            super().keyPressEvent(event)

    # --- drawing ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c, plot = colors(), self.plot()
        painter.setPen(QPen(QColor(c.accent if self.hasFocus() else c.border), 1.2))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(plot, 4, 4)
        painter.setPen(QPen(QColor(c.border), 1))
        for share in (0.25, 0.5, 0.75):
            painter.drawLine(self.place(share, 0), self.place(share, 1))
            painter.drawLine(self.place(0, share), self.place(1, share))
        painter.setPen(QColor(c.muted))
        below = QRectF(plot.left(), plot.bottom() + 3, plot.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "A")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, "B")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, tr("time →"))
        painter.drawLine(self.place(self._moment, 0), self.place(self._moment, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for name in sorted(CURVE_NAMES, key=lambda one: one == self._name):
            edited = name == self._name
            painter.setPen(QPen(QColor(_COLORS.get(name, c.accent)), 2.4 if edited else 1.0))
            times = [step / DRAWN for step in range(DRAWN + 1)]
            painter.drawPolyline(QPolygonF([self.place(t, self.value(t, name)) for t in times]))
        painter.setPen(QPen(QColor(c.text), 1.4))
        for index, key in self._inner():
            painter.setBrush(QColor(c.text if index == self._selected else _COLORS.get(self._name, c.accent)))
            painter.drawEllipse(self.place(*key), 5, 5)


class CurveEditor(QWidget):
    """The plot, which curve it edits, and curves with a name."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = CurvePlot()
        self.choices = {name: QToolButton() for name in CURVE_NAMES}
        for name, words in zip(CURVE_NAMES, (tr("Shape"), tr("Colour")), strict=True):
            self.choices[name].setText(words)
        self.linear, self.ease = QPushButton(tr("Even")), QPushButton(tr("Ease"))
        self.linear.setToolTip(tr("At the same speed all the way"))
        self.ease.setToolTip(tr("Slowly at both ends"))
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for name, button in self.choices.items():
            button.setCheckable(True)
            button.setToolTip(tr("Edit this curve; the other one stays, drawn thinner"))
            button.clicked.connect(lambda _=False, name=name: self.plot.edit(name))
            self._group.addButton(button)
            row.addWidget(button)
        self.choices[CURVE_NAMES[0]].setChecked(True)
        row.addStretch(1)
        for preset, curve in ((self.linear, "linear"), (self.ease, "ease")):
            preset.clicked.connect(lambda _=False, curve=curve: self.plot.edited.emit(self.plot.name, curve, ""))
            row.addWidget(preset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.plot)
