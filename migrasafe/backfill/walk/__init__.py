"""How a table is gone through: its key, the ranges of its batches, the scripts of a batch."""
