"""`migrasafe rehearse`, and what `plan --prove` does as it does."""
