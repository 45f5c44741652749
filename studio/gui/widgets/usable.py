"""Controls that can't be used now say why: the reason stands in their tooltip."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

_REASON, _OWN, _SHOWN = "why_not", "own_tip", "shown_tip"
"""Names of dynamic properties: the reason, the tooltip without it, and with it."""


def set_usable(control: QWidget, usable: bool, why_not: str) -> None:
    """Enable a control, or disable it and add `why_not`, a sentence, to its tooltip and to those of what it holds.

    A reason is not told while the control, or what holds it, can be used.
    """
    control.setEnabled(usable)
    control.setProperty(_REASON, "" if usable else why_not)
    for one in (control, *control.findChildren(QWidget)):
        _tell(one, reason_of(one))


def set_action_usable(action: QAction, usable: bool, why_not: str) -> None:
    """As `set_usable`, for an action in menus and tool bars."""
    action.setEnabled(usable)
    action.setProperty(_REASON, "" if usable else why_not)
    _tell(action, "" if usable else why_not)


def reason_of(control: QWidget | QAction) -> str:
    """Why it can't be used: its own reason, or that of the outermost that holds it; "" if none was given."""
    reason = str(control.property(_REASON) or "")
    holder = control.parentWidget() if isinstance(control, QWidget) and not control.isWindow() else None
    while holder is not None:
        reason = str(holder.property(_REASON) or "") or reason
        holder = None if holder.isWindow() else holder.parentWidget()
    return reason


def with_reason(tip: str, reason: str) -> str:
    """A tooltip with a reason below it; either may be empty."""
    return "\n".join(part for part in (tip, reason) if part)


def own_tip(one: QWidget | QAction) -> str:
    """Its tooltip without the reason."""
    now = one.toolTip()
    return str(one.property(_OWN) or "") if now == one.property(_SHOWN) else now


def set_tip(one: QWidget | QAction, tip: str) -> None:
    """Give it another tooltip of its own; a reason stays below it."""
    shown = with_reason(tip, reason_of(one))
    one.setProperty(_OWN, tip)
    one.setProperty(_SHOWN, shown)
    if one.toolTip() != shown:
        one.setToolTip(shown)


def _tell(one: QWidget | QAction, reason: str) -> None:
    now, own = one.toolTip(), own_tip(one)
    if not reason and now == own:
        return
    shown = with_reason(own, reason)
    one.setProperty(_OWN, own)
    one.setProperty(_SHOWN, shown)
    one.setToolTip(shown)
