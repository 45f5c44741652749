"""What a cell of a layer can see, and what it really looks at."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import Point, Side
from studio.gui.canvas.drawing import Frame, Mark, Overlay
from studio.gui.inspect.colour import HeatMap
from studio.gui.inspect.hub import InspectHub, InspectView
from studio.gui.inspect.label import WordsLabel
from studio.gui.inspect.legend import LegendEntry
from studio.gui.inspect.readings import FieldReading, FieldRequest, LayerInfo
from studio.gui.inspect.words import GLOSSARY, what_it_sees
from studio.gui.widgets.painting import paint_hint
from studio.gui.widgets.theme import colors
from studio.language import tr, translatable

ROW = 24
NAME, SIZE, NUMBER = 130.0, 190.0, 74.0
"""Widths of the columns beside the bars, screen pixels."""


class FieldList(QWidget):
    """All layers with how far their cells see, as bars against the picture's longer side."""

    chosen = Signal(str)
    """(name of the layer)"""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Layers and their receptive fields"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.layers: tuple[LayerInfo, ...] = ()
        self.side = 1
        """Longer side of the picture, pixels of the working size: where the bars end."""
        self.current = ""

    def set_layers(self, layers: tuple[LayerInfo, ...], side: int) -> None:
        self.layers, self.side = layers, side
        self.setFixedHeight(max(ROW * len(layers) + 28, 60))
        self.update()

    def set_current(self, name: str) -> None:
        self.current = name
        self.update()

    def row_rect(self, index: int) -> QRectF:
        return QRectF(0, 24 + index * ROW, self.width(), ROW)

    def sizeHint(self) -> QSize:
        return QSize(600, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        if not self.layers:
            paint_hint(
                painter, QRectF(self.rect()), tr("Open two pictures"), tr("Every layer of the network is then here.")
            )
            return
        font = QFont(painter.font())
        font.setPixelSize(12)
        painter.setFont(font)
        left, right = NAME, self.width() - self._size_column(painter)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colors().muted))
        painter.drawText(QRectF(10, 2, NAME, 20), middle, tr("layer"))
        far, whole = tr("how far a cell sees"), tr("whole picture")
        painter.drawText(QRectF(left, 2, right - left, 20), middle | Qt.AlignmentFlag.AlignRight, whole)
        if painter.fontMetrics().horizontalAdvance(f"{far}  {whole}") < right - left:
            painter.drawText(QRectF(left, 2, right - left, 20), middle, far)
        for index, layer in enumerate(self.layers):
            row = self.row_rect(index)
            if layer.name == self.current:
                painter.fillRect(row, QColor(colors().hover))
                painter.fillRect(QRectF(0, row.top(), 3, row.height()), QColor(colors().accent))
            painter.setPen(QColor(colors().text if layer.level else colors().muted))
            painter.drawText(QRectF(10, row.top(), NAME - 12, ROW), middle, layer.name)
            share = min(layer.field / max(self.side, 1), 1.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors().border))
            painter.drawRoundedRect(QRectF(left, row.top() + 8, right - left, ROW - 16), 3, 3)
            painter.setBrush(QColor(colors().accent))
            painter.drawRoundedRect(QRectF(left, row.top() + 8, max(share * (right - left), 3), ROW - 16), 3, 3)
            painter.setPen(QColor(colors().text))
            painter.drawText(QRectF(right + 12, row.top(), 70, ROW), middle, f"{layer.field} px")
            painter.setPen(QColor(colors().muted))
            painter.drawText(
                QRectF(right + NUMBER, row.top(), self.width() - right - NUMBER - 4, ROW),
                middle,
                _spacing(layer.stride),
            )

    def _size_column(self, painter: QPainter) -> float:
        """Width of the column beside the bars: what the words need in this language."""
        metrics = painter.fontMetrics()
        return max(SIZE, NUMBER + 8 + max(metrics.horizontalAdvance(_spacing(layer.stride)) for layer in self.layers))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = int((event.position().y() - 24) // ROW)
        if 0 <= index < len(self.layers):
            self.chosen.emit(self.layers[index].name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        names = [layer.name for layer in self.layers]
        if step is None or not names:
            super().keyPressEvent(event)
            return
        index = names.index(self.current) + step if self.current in names else 0
        self.chosen.emit(names[min(max(index, 0), len(names) - 1)])


class FieldView(InspectView):
    """The receptive field of the cell under the mouse."""

    name = "field"
    title = translatable("Receptive field")
    tip = translatable("How much of a picture can one cell of a layer see?")

    def __init__(self, hub: InspectHub) -> None:
        super().__init__(hub)
        self.reading: FieldReading | None = None
        self._place: tuple[Side, Point] | None = None
        self._held = False
        self.list = FieldList()
        self.measured = QCheckBox(tr("Measure what it really looks at"))
        self.measured.setToolTip(
            tr(
                "The theoretical field is all that can matter. The measured one, from gradients, is what does matter: "
                "mostly a soft blob in the middle (effective receptive field)."
            )
        )
        self.measured.setChecked(hub.settings.flag("inspect_measured", False))
        self.words = WordsLabel(230)
        self.state_label = QLabel(tr("Move the mouse over a picture. Click to hold the place."), wordWrap=True)
        self._lay_out()
        self.list.chosen.connect(self.choose)
        self.measured.toggled.connect(self._on_measured)

    def _lay_out(self) -> None:
        area = QScrollArea()
        area.setWidget(self.list)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        page = QHBoxLayout(self.page)
        page.setContentsMargins(0, 0, 10, 0)
        page.setSpacing(12)
        page.addWidget(area, 1)
        page.addWidget(self.words)
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        column.addWidget(self.state_label)
        column.addWidget(self.measured)

    # --- what the person does ---

    def cursor(self, side: Side, place: QPointF | None) -> None:
        if place is not None and not self._held:
            self._ask_at(side, (place.x(), place.y()))

    def clicked(self, side: Side, place: QPointF) -> None:
        """Hold the place; a click on another one holds that, and one near it lets go."""
        near = False
        if self._held and self._place is not None and self._place[0] == side:
            near = abs(self._place[1][0] - place.x()) + abs(self._place[1][1] - place.y()) < 12
        self._held = not near
        self._ask_at(side, (place.x(), place.y()))
        self.state_label.setText(
            tr("Holding a place of {side}. Click it again to let go.", side=side)
            if self._held
            else tr("Move the mouse over a picture. Click to hold the place.")
        )

    def choose(self, name: str) -> None:
        """Look at another layer."""
        self.list.set_current(name)
        self.refresh()

    def _on_measured(self, on: bool) -> None:
        self.hub.settings.set_flag("inspect_measured", on)
        self.refresh()

    def _ask_at(self, side: Side, place: Point) -> None:
        self._place = (side, place)
        session = self.hub.session
        if session is not None and self.list.current:
            self.ask(FieldRequest(session, self.list.current, side, place, self.measured.isChecked()))

    # --- what it is told ---

    def session_changed(self) -> None:
        session = self.hub.session
        self.reading, self._place, self._held = None, None, False
        layers = session.layers if session is not None else ()
        self.list.set_layers(layers, max(session.sizes["A"]) if session is not None else 1)
        if session is not None and self.list.current not in [layer.name for layer in layers]:
            self.list.set_current(session.levels[min(2, len(session.levels) - 1)].name)
        self.refresh()

    def refresh(self) -> None:
        session = self.hub.session
        if session is not None and self._place is None and self.active:
            size = session.pictures["A"].size
            self._place = ("A", (size[0] / 2, size[1] / 2))
        if self._place is not None:
            self._ask_at(*self._place)
        self._show()

    def recolour(self) -> None:
        self._show()

    def answered(self, answer: object) -> None:
        if isinstance(answer, FieldReading) and answer.request.session is self.hub.session:
            self.reading = answer
            self._show()

    def _show(self) -> None:
        reading, session = self.reading, self.hub.session
        if session is None or reading is None:
            self.words.set_words(f"<p>{tr(GLOSSARY['field'])}</p>")
            if self.active:
                self.hub.show({})
            return
        layer = next(one for one in session.layers if one.name == reading.request.layer)
        share = layer.field / max(session.sizes[reading.request.side])
        whole = (
            tr("more than the whole picture")
            if share > 1
            else tr("{share:.0%} of the picture's longer side", share=share)
        )
        words = tr(
            "<p>A cell of <b>{name}</b> stands for {stride} × {stride} pixels, and can see <b>{field} × "
            "{field}</b> of them: {whole}.</p><p>It is about {content}.</p>",
            name=layer.name,
            stride=layer.stride,
            field=layer.field,
            whole=whole,
            content=what_it_sees(layer, session),
        )
        if reading.effective is not None:
            words += tr(
                "<p>Measured: half of what it looks at lies within <b>{radius:.0f} px</b> of the middle.</p>",
                radius=reading.radius,
            )
        self.words.set_words(words)
        if not self.active:
            return
        coloured = self.hub.coloured()
        overlay, legends = Overlay(), list[LegendEntry]()
        if reading.effective is not None:
            maps: dict[Side, HeatMap] = {reading.request.side: reading.effective}
            overlays, legends = coloured.both(
                maps,
                tr("how much a pixel counts"),
                tr("share of the strongest"),
                signed=False,
            )
            overlay = overlays[reading.request.side]
        overlay = Overlay(
            overlay.tint,
            overlay.extent,
            overlay.opacity,
            overlay.smooth,
            (Mark(*reading.request.place, "pinned" if self._held else "cursor"),),
            (Frame(reading.cell, "window"), Frame(reading.edges, "chosen", f"{layer.field} px")),
            values=overlay.values,
            unit=overlay.unit,
        )
        self.hub.show({reading.request.side: overlay}, legends)


def _spacing(stride: int) -> str:
    return tr("a cell every {stride} px", stride=stride)
