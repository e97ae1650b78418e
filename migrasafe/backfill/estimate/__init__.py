"""What a backfill will cost, said beforehand."""
