"""What functions and classes of other packages do with what they are handed, as data."""
