"""From holders that a profile saw grow to findings: the rule that fits, the place, the stores, and how to prove it."""
