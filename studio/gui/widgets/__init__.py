"""Widgets that any program could use."""
