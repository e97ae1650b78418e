"""Alembic revisions as migrations: found by reading their files, rendered by running them in a process of their own.

    graph.py           what the files say about themselves and each other, without importing them; the order
    project.py         where a project keeps its revisions, and what its env.py says about running them
    read.py            a project → a history: every revision rendered, in order
    worker.py          the process that runs the revisions: started, asked, watched, replaced when it dies
    protocol.py        what the two say to each other
    runner/            that process: nothing in there is imported by migrasafe itself

Running a revision runs other people's code. It runs with an empty environment (no connection strings, no secrets), in a
temporary folder, under limits of time, memory and output; it may not start programs, open network connections or write
outside that folder (runner/guard.py). That stops accidents, not attacks: lint only projects that you would also migrate.
"""
