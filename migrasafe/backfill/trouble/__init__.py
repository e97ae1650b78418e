"""What a failure means, and what becomes of it."""
