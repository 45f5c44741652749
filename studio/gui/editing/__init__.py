"""Pairs by hand: tools, table, undo, provenance."""
