"""The mode Inspect."""
