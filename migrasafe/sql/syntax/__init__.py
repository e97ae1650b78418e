"""What older servers do not know: syntax and functions, with the major version that has each first."""
