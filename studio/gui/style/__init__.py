"""The mode Style: its result pane, previews and jobs."""
