"""What nobody wrote: values, rows, and an app that is made up from a schema."""
