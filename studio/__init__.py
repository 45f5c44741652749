"""Buddies Studio: neural best-buddies between two pictures, and what grows from them."""

__version__ = "0.1.0"
