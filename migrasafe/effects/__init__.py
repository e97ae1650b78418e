"""What PostgreSQL does when it runs a statement: the locks it takes, the work it does under them, how it can fail.

Pure predictions from the statement, the schema before it, the target version and the session; measured on real servers in
tests/postgres. Rules say what people should make of them.
"""
