"""Whether two databases say the same: their catalogs, their rows."""
