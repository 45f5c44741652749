"""What all modes share."""
