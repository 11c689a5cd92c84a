"""Campaign records in formats that other programs read."""
