"""The mode Style: its stage, previews and jobs."""
