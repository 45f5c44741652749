"""From pairs to dense fields."""
