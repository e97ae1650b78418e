"""What PostgreSQL brings along: its operators, and what its functions give and how volatile they are."""
