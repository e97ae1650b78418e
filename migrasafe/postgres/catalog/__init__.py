"""What a live server says of its objects, as the values that migrations evolve."""
