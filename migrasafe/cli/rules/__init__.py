"""`migrasafe rules` and `migrasafe explain`, and a project's own rules."""
