"""Values that do not convert by themselves: zones, bad rows, rejects."""
