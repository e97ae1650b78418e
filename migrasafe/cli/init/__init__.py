"""`migrasafe init`."""
