"""Pairs and their files."""
