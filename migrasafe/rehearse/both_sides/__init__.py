"""A value that a table holds twice: whether both sides follow from each other, whatever is written."""
