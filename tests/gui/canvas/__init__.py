"""Pictures and points on the screen."""
