"""The mode Morph: its result pane, time, and the desk that answers it."""
