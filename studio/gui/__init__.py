"""The window; nothing in here computes."""
