"""Functions that migrations call and that PostgreSQL 12 does not have, with the major version that has each first.

A test takes them from the complete list, `NEW_IN` in builtin_volatility.py, which tests on servers keep true.
"""

from __future__ import annotations

from collections.abc import Mapping

NEW_FUNCTIONS: Mapping[str, int] = {
    **dict.fromkeys(("gcd", "gen_random_uuid", "jsonb_set_lax", "lcm", "min_scale", "trim_scale"), 13),
    **dict.fromkeys(("bit_count", "bit_xor", "date_bin", "range_agg", "string_to_table", "trim_array", "unistr"), 14),
    **dict.fromkeys(("regexp_count", "regexp_instr", "regexp_like", "regexp_substr"), 15),
    **dict.fromkeys(("any_value", "array_sample", "array_shuffle", "date_add", "date_subtract"), 16),
    **dict.fromkeys(("json_agg_strict", "jsonb_agg_strict", "pg_input_is_valid", "random_normal"), 16),
    **dict.fromkeys(("jsonb_populate_record_valid", "to_bin", "to_oct", "unicode_assigned"), 17),
    **dict.fromkeys(("uuid_extract_timestamp", "uuid_extract_version", "xmltext"), 17),
    **dict.fromkeys(("array_reverse", "array_sort", "casefold", "crc32", "crc32c", "gamma", "lgamma"), 18),
    **dict.fromkeys(("uuidv4", "uuidv7"), 18),
}

WORDS = frozenset(name.upper() for name in NEW_FUNCTIONS)
"""A text without any of these calls none of them."""

OF_EXTENSION: Mapping[str, str] = {"gen_random_uuid": "pgcrypto"}
"""Those that an extension had before PostgreSQL itself."""
