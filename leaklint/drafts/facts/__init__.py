"""Facts: what one file says, read from its ast into plain data."""
