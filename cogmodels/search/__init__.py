"""Visual search: displays, models that look for a target, and how their search grows with the number of items."""
