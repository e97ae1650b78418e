"""A throw-away PostgreSQL, and the schema from before laid in it."""
