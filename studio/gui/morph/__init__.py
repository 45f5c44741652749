"""The mode Morph: its result pane, time, and the responder of its live worker."""
