"""Files that hold an app's queries: SQL with names above the queries, plain SQL, what sqlx wrote down."""
