"""What to write in the app for each phase: models of SQLAlchemy and Django."""
