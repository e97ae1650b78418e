"""A plan carried out: its steps alone, as files, under traffic, killed on their way."""
