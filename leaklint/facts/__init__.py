"""Facts: what one gated file says, read from its libcst tree. ``facts.read`` loads libcst; ``facts.model`` does not."""
