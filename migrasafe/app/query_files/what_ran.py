"""A file that a server wrote, or that was exported from it: which kind it is shows in its text."""

from __future__ import annotations

from migrasafe.app.query_files.server_log import scan_log
from migrasafe.app.query_files.sql_file import scan_sql_file
from migrasafe.app.query_files.statistics import looks_like_json, scan_csv, scan_json
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.errors import InputError


def scan_what_ran(source: SourceText) -> FileScan:
    """The queries of a log, of an export of pg_stat_statements, or of a `.txt` that is SQL. Raises InputError for others."""
    found = scan_log(source)
    if found is None and looks_like_json(source.text):
        return scan_json(source)
    found = found or scan_csv(source)
    if found is None and source.path.endswith(".txt"):
        found = scan_sql_file(source)
        found = None if found.unread else found
    if found is None:
        raise InputError(
            f"{source.path}: is neither a server log with statements (log_statement = 'all') nor an export of "
            'pg_stat_statements: give CSV with a header or JSON, with a column "query"'
        )
    return found
