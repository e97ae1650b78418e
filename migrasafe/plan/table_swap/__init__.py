"""A table made anew beside the one that people use, kept in step with it, and put in its place under its name."""
