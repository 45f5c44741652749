"""Every action of the window, in one table."""

from studio.gui.actions.spec import SEPARATOR, ActionSpec, Conditions
from studio.gui.actions.table import MENUS, RUN_BUTTONS, TOOLBAR, Actions, specs

__all__ = ["MENUS", "RUN_BUTTONS", "SEPARATOR", "TOOLBAR", "ActionSpec", "Actions", "Conditions", "specs"]
