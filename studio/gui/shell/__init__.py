"""The window: menus, docks, settings, messages and the open project."""
