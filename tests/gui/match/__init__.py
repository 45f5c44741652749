"""The mode Match."""
