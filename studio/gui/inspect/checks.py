"""How far a map can be trusted: what its checks say, in words and curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.arrays import SIDES, Side
from studio.gui.inspect.legend import number
from studio.gui.inspect.readings import Explained
from studio.gui.inspect.words import short_target_words
from studio.gui.widgets.curve import DELETION, INSERTION, Curve, CurveView
from studio.language import tr

if TYPE_CHECKING:
    from studio.attribution import Attribution, Checks

EXACT, LOOSE = 0.02, 0.1
"""Shares of the target left open by completeness: up to which it is exact, and up to which it is good enough."""
SAME = 0.5
"""A map that stays this similar when the network is randomised does not show the network."""


class ChecksPane(QScrollArea):
    """The checks of one picture's map after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.words = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignTop)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.labels = {side: QLabel(wordWrap=True) for side in SIDES}
        self.curves = {side: CurveView() for side in SIDES}
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(4, 4, 8, 4)
        column.setSpacing(6)
        column.addWidget(self.words)
        for side in SIDES:
            self.labels[side].setTextFormat(Qt.TextFormat.RichText)
            column.addWidget(self.labels[side])
            column.addWidget(self.curves[side])
        column.addStretch(1)
        self.setWidget(inner)
        self.setFixedWidth(290)
        self.show_result(None)

    def show_result(self, result: Explained | None, text: str = "") -> None:
        """Show what is known of a result, or `text`."""
        self.words.setText(text if result is None else f"<b>{result.title}</b>{text}")
        for side in SIDES:
            checks = result.checks.get(side) if result is not None else None
            self.labels[side].setVisible(result is not None and side in result.maps)
            self.curves[side].setVisible(False)
            if result is None or side not in result.maps:
                continue
            head = f"<b>{side}</b>: {short_target(result, side)}"
            self.labels[side].setText(f"<p>{head}</p>{check_words(result.results[side], checks)}")
            if checks is not None:
                curves = checks.curves
                self.curves[side].set_curves(
                    [
                        Curve(tr("taken away"), curves.deletion, curves.deletion_area, DELETION),
                        Curve(tr("given back"), curves.insertion, curves.insertion_area, INSERTION),
                    ]
                )


def short_target(result: Explained, side: Side) -> str:
    """What a map explains, in a few words, and how much of it there is."""
    one = result.results[side]
    return f"{short_target_words(one.explained)}, {number(one.value)}"


def check_words(one: Attribution, checks: Checks | None) -> str:
    """HTML: what the map says of itself, and what its checks say."""
    words = f"<p>{one.note}</p>" if one.note else ""
    if "residual" in one.checks:
        share = abs(one.checks["residual"]) / max(abs(one.checks.get("change", 0.0)), 1e-9)
        verdict = tr("exact") if share <= EXACT else tr("good enough") if share <= LOOSE else tr("take more steps")
        words += tr("<p>Adds up: {share:.1%} left open, {verdict}.</p>", share=share, verdict=verdict)
    if checks is None:
        return words
    if checks.sanity:
        value = checks.sanity[-1].similarity
        verdict = (
            tr("it hardly changes, so it shows the picture rather than what the network has learnt")
            if abs(value) >= SAME
            else tr("it changes, so it does show what the network has learnt")
        )
        steps = ", ".join(f"{stage.similarity:+.2f}" for stage in checks.sanity)
        words += tr(
            "<p>Likeness to the maps of a network with more and more random weights {steps}: {verdict}.</p>",
            steps=steps,
            verdict=verdict,
        )
    return words + tr("<p>While the most telling pixels are taken away or given back:</p>")
