"""The old and the new version at work while phases change."""
