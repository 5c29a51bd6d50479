"""Facts: what one gated file says, read from its ast into plain data."""
