"""The files of an app, the texts in them that are SQL, and where each character of those stands."""
