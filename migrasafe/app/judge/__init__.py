"""One query on one schema: what breaks, what can fail, what changes for its readers."""
