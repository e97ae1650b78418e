"""Replays the migrations of projects on a real server, statement by statement, and says where lint predicts wrongly.

    python -m tools.replay PATH… [--pg-version 16] [--setup FILE] [--each-statement] [--layout NAME] [--format json]

PATH is a folder of migrations in any layout that migrasafe reads. Tables get a few made-up rows. Compared are locks on
tables and views that were there before the migration, rewrites, index builds, scans and failures; and after each
migration, or each statement, the evolved schema with the server's catalog. The server is a throw-away one, which is
found or started like that of the tests; Alembic's revisions are rendered on it. SETUP is what the migrations expect to be
there: schemas, types of the app's packages.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from migrasafe.errors import MigrasafeError
from migrasafe.migrations.alembic.project import project_at
from migrasafe.migrations.alembic.read import render_online
from migrasafe.migrations.model import History
from migrasafe.migrations.read import read_history
from migrasafe.postgres.connect import connect
from migrasafe.postgres.server.find import find_server
from migrasafe.postgres.server.running import RunningServer
from migrasafe.rehearse.migration.run import State
from migrasafe.rehearse.migration.trace import Replayed, replay
from tools.replay.database import replay_database
from tools.replay.report import as_json, lines, summary


def main(arguments: list[str]) -> int:
    """Return 0 where every statement agrees, 1 where one does not, 2 for input that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m tools.replay", description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="+")
    parser.add_argument("--pg-version", type=int, metavar="MAJOR", help="the server's major version (default: 15)")
    parser.add_argument("--layout", help="the tool that the folders belong to, where that is not clear")
    parser.add_argument("--setup", type=Path, metavar="FILE", help="SQL to run in each database before the migrations")
    parser.add_argument("--each-statement", action="store_true", help="compare the schema after every statement (slow)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--progress", action="store_true", help="name each migration on standard error")
    options = parser.parse_args(arguments)
    try:
        histories = read_history(options.path, layout=options.layout)
        server = find_server(options.pg_version).start()
    except MigrasafeError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        results = [(history.root, _replayed(_rendered(history, server), server, options)) for history in histories]
    finally:
        server.stop()
    if options.format == "json":
        print(json.dumps([as_json(name, replayed) for name, replayed in results], indent=1))
    else:
        for name, replayed in results:
            print(*lines(replayed), summary(name, replayed), sep="\n")
    return int(any(migration.wrong or migration.schema_differs for _, replayed in results for migration in replayed))


def _rendered(history: History, server: RunningServer) -> History:
    if history.layout != "alembic":
        return history
    return render_online(project_at(Path(history.root)), root=history.root, dsn=server.dsn)


def _replayed(history: History, server: RunningServer, options: argparse.Namespace) -> list[Replayed]:
    found = []
    with replay_database(server) as dsn:
        if options.setup is not None:
            with connect(dsn) as session:
                session.execute(options.setup.read_bytes())
        begun_at = time.monotonic()
        for replayed in replay(history.migrations, dsn, server.major, each_statement=options.each_statement):
            found.append(replayed)
            if options.progress:
                wrong, failed = len(replayed.wrong), replayed.count(State.FAILED)
                seconds = time.monotonic() - begun_at
                print(f"{seconds:7.1f} s {replayed.id}: {wrong} wrong, {failed} failed", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
