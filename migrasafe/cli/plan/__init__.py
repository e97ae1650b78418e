"""`migrasafe plan` and `migrasafe gate`."""
