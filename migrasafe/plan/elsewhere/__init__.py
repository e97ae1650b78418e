"""Steps that other databases run: a table's new home, and subscribers."""
