"""The mode Match: finding pairs, and why they were found."""
