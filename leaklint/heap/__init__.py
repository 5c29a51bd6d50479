"""What the whole program keeps: names, classes, points-to sets, lifetimes, multiplicity, removals, retentions."""
