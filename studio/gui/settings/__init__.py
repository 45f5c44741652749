"""What is remembered between two starts, and the dialog that changes it."""
