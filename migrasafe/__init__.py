"""migrasafe tells whether a PostgreSQL migration can be deployed while the old and the new app version both run."""

__version__ = "0.1.0"
