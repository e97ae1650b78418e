"""Mutation testing of the pure core: a seeded sample of small changes, and which of them no test notices."""
