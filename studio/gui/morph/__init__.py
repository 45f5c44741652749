"""The mode Morph: its stage, time, and the desk that answers it."""
