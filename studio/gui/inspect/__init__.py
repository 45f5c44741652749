"""The mode Inspect: its stage, views, and what they ask of the engines."""
