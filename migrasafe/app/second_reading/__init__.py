"""A second reading of each query, by sqlglot, and what the two disagree about."""
