"""The open project in the window."""
