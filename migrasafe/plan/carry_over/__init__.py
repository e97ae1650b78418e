"""What stands on or beside what is changed, made over the new one."""
