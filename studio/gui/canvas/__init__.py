"""Pictures and points on the screen, and the state that all views share."""
