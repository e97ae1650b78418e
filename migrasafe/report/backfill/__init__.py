"""How a backfill is shown: on a live screen, and as a page with plots."""
