"""What lies between a picture file and its pixels; `studio.picture` is the door."""
