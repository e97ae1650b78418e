"""Queries of the old version as they must read on the new schema."""
