"""The match, against plain loops and known warps."""
