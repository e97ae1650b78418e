"""What a command works on: migrations, apps, what git says is new or staged."""
