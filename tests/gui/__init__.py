"""The window, driven as a hand would."""
