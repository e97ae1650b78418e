"""What a job is, kept in the state tables and checked before anything is changed."""
