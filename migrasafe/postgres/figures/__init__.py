"""How big, how busy and how far behind a live server is: bounded questions that lock nothing."""
