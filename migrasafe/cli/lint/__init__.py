"""`migrasafe lint`, and what only it does: baselines, fixes, what was allowed."""
