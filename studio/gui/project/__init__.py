"""The open project: saving, recovery and the menus of files."""
