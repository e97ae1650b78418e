"""A migration, or what people say of it, as changes."""
