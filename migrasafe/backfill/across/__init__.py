"""The rows of one table in two databases: compared, and copied."""
