"""Networks as feature extractors, their weights, and the one that ships."""
