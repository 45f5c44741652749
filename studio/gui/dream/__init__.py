"""The mode Dream: what a network wants to see, made before the eyes."""
