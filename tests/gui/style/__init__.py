"""The mode Style."""
