"""What a statement really does on a server: locks, work, failures."""
