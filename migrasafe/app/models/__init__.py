"""What the models of an ORM make it send, read from the models without importing them."""
