"""SQL inside of plpgsql: the statements of a body, where they stand, and what its variables hold."""
