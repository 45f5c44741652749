from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from studio.gui.canvas.pairs_model import CONFIDENCE_COLUMN, PairsModel
from studio.pairs import PairSet, PointPair


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (PointPair(1, (1.0, 2.0), (3.0, 4.0), confidence=0.72, origin="matched"), "About 7 of 10 such pairs are right"),
        (PointPair(1, (1.0, 2.0), (3.0, 4.0), confidence=0.04, origin="matched"), "About 0 of 10 such pairs are right"),
        (PointPair(1, (1.0, 2.0), (3.0, 4.0), confidence=0.2, origin="placed"), "Yours: it is taken as right"),
    ],
)
def test_a_confidence_is_said_in_words(qapp, pair: PointPair, words: str) -> None:
    model = PairsModel()
    model.set_pairs(PairSet((pair,)))
    assert model.data(model.index(0, CONFIDENCE_COLUMN), Qt.ItemDataRole.ToolTipRole) == words
