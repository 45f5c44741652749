"""The modes of the window, in the order of their bar: a new one is a room beside the others and a line here."""

from __future__ import annotations

from studio.gui.inspect.mode import MODE as INSPECT
from studio.gui.match.mode import MODE as MATCH
from studio.gui.mode.mode import Mode
from studio.gui.morph.mode import MODE as MORPH
from studio.gui.style.mode import MODE as STYLE

MODES: tuple[Mode, ...] = (MATCH, MORPH, STYLE, INSPECT)
