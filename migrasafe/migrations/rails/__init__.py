"""Rails migrations, read as text: Ruby is parsed, never run."""
