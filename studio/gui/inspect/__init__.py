"""The mode Inspect: its result pane, views, and what they ask of the engines."""
