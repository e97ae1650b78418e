"""The rename that README shows is carried out, word for word; what it shows is what is printed.

MIGRASAFE_WRITE_README=1 pytest tests/postgres/plans/test_readme.py      # writes the transcript anew
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.postgres.plans.rollout import program
from tests.postgres.servers import Database

README = Path(__file__).parents[3] / "README.md"
BLOCK = re.compile(r"(<!-- carried out by tests/postgres/plans/test_readme.py -->\n\n```text\n)(.*?)(```\n)", re.DOTALL)
COMMANDS = (
    "migrasafe plan rename users.user_email email_address --schema $DSN --out plans/email --old-app-name 'shop/41%'",
    "psql -q $DSN -f plans/email/10_expand.sql -f plans/email/20_dual-write.sql",
    "migrasafe backfill run plans/email --dsn $DSN --batch-rows 10000 --target-time 500ms -q",
    "migrasafe gate plans/email verify --dsn $DSN",
    "psql -q $DSN -f plans/email/40_verify.sql",
    "# deploy the version of the app that says email_address, and end the old one",
    "migrasafe gate plans/email contract --dsn $DSN",
    "psql -q $DSN -f plans/email/60_contract.sql",
    "# when nobody has missed user_email for a while",
    "psql -q $DSN -f plans/email/61_contract_for_good.sql",
)


def test_the_rename_in_the_readme_is_carried_out(database: Database, tmp_path: Path) -> None:
    database.execute("CREATE TABLE users (id bigserial PRIMARY KEY, user_email text NOT NULL)")
    database.execute("CREATE INDEX users_user_email_idx ON users (user_email)")
    database.execute(
        "INSERT INTO users (user_email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 45000) n"
    )
    database.execute("ANALYZE users")
    transcript = "".join(_run(command, database.dsn, tmp_path) for command in COMMANDS)
    assert database.execute("SELECT count(email_address), count(DISTINCT email_address) FROM users") == [(45000, 45000)]
    shown = README.read_text(encoding="utf-8")
    match = BLOCK.search(shown)
    assert match is not None
    if os.environ.get("MIGRASAFE_WRITE_README"):
        README.write_text(shown[: match.start(2)] + transcript + shown[match.end(2) :], encoding="utf-8")
    else:
        assert match[2] == transcript


def _run(command: str, dsn: str, folder: Path) -> str:
    """The command and what it prints, the time of day left out."""
    if command.startswith("#"):
        return f"{command}\n"
    paths = [Path(sys.executable).parent, Path(program("psql")).parent]
    path = os.pathsep.join([*map(str, paths), os.environ["PATH"]])
    ran = subprocess.run(
        command.replace("$DSN", '"$DSN"'),
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "DSN": dsn, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
    said = re.sub(r"(?m)^\d\d:\d\d:\d\d ", "", ran.stdout + ran.stderr)
    return f"$ {command}\n{said}"
