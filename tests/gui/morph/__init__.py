"""The mode Morph."""
