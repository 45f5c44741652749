"""One panel per mode."""
