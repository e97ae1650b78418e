"""The process that runs revisions and tells what they send to the server; see migrasafe/migrations/alembic/__init__.py.

main.py            the loop: a task in, what it did out
guard.py           what code in here may not do
revision.py        Alembic's context around one revision
recorder.py        statements with their line and their transaction, and notices
dialect.py         SQLAlchemy's PostgreSQL dialect, with the recorder where the driver would be
literals.py        bound parameters as literals
pretend_driver.py  a driver without a server
empty_database.py  what queries answer when every table is empty
catalog.py         what there is, according to the revisions so far: for inspectors
live.py            a scratch database on a real server
imports.py         the app's own modules from where they lie, stubs for what is missing
stubs.py           what a missing module is made of
"""
