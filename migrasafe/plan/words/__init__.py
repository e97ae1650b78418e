"""Changes said in words, as the migration that somebody would have written."""
