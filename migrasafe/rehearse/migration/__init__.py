"""A migration run as its tool would, beside what was predicted of it."""
