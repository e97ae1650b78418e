"""Django: the migrations of all apps of a project, each operation rendered as `manage.py sqlmigrate` would, without a server.

Operations are only known by running them, so they run: in a process of its own (runner/), with settings that are read from the
project's settings as text, and with stand-ins for what is not installed. No settings module is run, and nothing connects.
"""
