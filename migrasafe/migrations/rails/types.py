"""Column types of Active Record as PostgreSQL knows them.

https://guides.rubyonrails.org/active_record_postgresql.html
"""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.migrations.rails.ruby import Symbol, Value

_PLAIN = {
    "text": "text",
    "bigint": "bigint",
    "float": "double precision",
    "date": "date",
    "binary": "bytea",
    "blob": "bytea",
    "boolean": "boolean",
    **{
        name: name
        for name in (
            *("xml", "tsvector", "hstore", "inet", "cidr", "macaddr", "uuid", "json", "jsonb", "ltree", "citext"),
            *("point", "line", "lseg", "box", "path", "polygon", "circle", "money", "interval", "oid", "tsquery"),
            *("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "geography", "geometry"),
            *("smallint", "real"),
        )
    },
    "serial": "serial",
    "bigserial": "bigserial",
    "primary_key": "bigserial PRIMARY KEY",
}
_SIZED = {"string": "character varying", "bit": "bit", "bit_varying": "bit varying"}
_TIMES = {
    "datetime": "timestamp{} without time zone",
    "timestamp": "timestamp{} without time zone",
    "timestamptz": "timestamp{} with time zone",
    "time": "time{} without time zone",
}
_POSTGIS = {
    "st_point": "Point",
    "st_polygon": "Polygon",
    "line_string": "LineString",
    "st_line_string": "LineString",
    "multi_point": "MultiPoint",
    "multi_polygon": "MultiPolygon",
    "multi_line_string": "MultiLineString",
    "geometry_collection": "GeometryCollection",
}
_OTHER_NAMES = {"numeric": "decimal", "virtual": "virtual", "enum": "enum", "integer": "integer"}
KNOWN = frozenset((*_PLAIN, *_SIZED, *_TIMES, *_POSTGIS, *_OTHER_NAMES, "decimal"))
"""What can be said as `t.<type> :name`."""


def column_type(name: Value, options: Mapping[str, Value], version: tuple[int, int]) -> str | None:
    """The type that a migration of this version of Rails asks for; None for what is not known."""
    if not isinstance(name, str):
        return None
    kind = {"numeric": "decimal", "timestamp": "datetime"}.get(name, name)
    if kind == "virtual":
        return column_type(options.get("type"), {**options, "type": None}, version)
    if kind == "enum":
        enum = options.get("enum_type")
        found: str | None = _quoted(enum) if isinstance(enum, str) else None
    else:
        found = _scalar(kind, options, version)
    if found is None and not isinstance(name, Symbol):
        found = name  # a type in the server's own words
    elif found is None:
        found = _quoted(name)
    return f"{found}[]" if options.get("array") is True else found


def _scalar(kind: str, options: Mapping[str, Value], version: tuple[int, int]) -> str | None:
    limit, precision, scale = (options.get(one) for one in ("limit", "precision", "scale"))
    if kind == "integer":
        if isinstance(limit, int):
            return "smallint" if limit <= 2 else "integer" if limit <= 4 else "bigint"
        return "integer"
    if kind == "decimal":
        if not isinstance(precision, int):
            return "numeric"
        return f"numeric({precision},{scale})" if isinstance(scale, int) else f"numeric({precision})"
    if kind in _SIZED:
        return f"{_SIZED[kind]}({limit})" if isinstance(limit, int) else _SIZED[kind]
    if kind in _TIMES:
        if "precision" not in options and version >= (7, 0) and kind != "time":
            precision = 6
        return _TIMES[kind].format(f"({precision})" if isinstance(precision, int) else "")
    if kind in _POSTGIS:
        srid = options.get("srid")
        base = "geography" if options.get("geographic") is True else "geometry"
        return f"{base}({_POSTGIS[kind]},{srid if isinstance(srid, int) else 4326 if base == 'geography' else 0})"
    if kind == "geometry" and isinstance(options.get("srid"), int):
        return f"geometry(Geometry,{options['srid']})"
    return _PLAIN.get(kind)


def _quoted(name: str) -> str:
    return name if name.replace("_", "a").replace(".", "a").isalnum() else f'"{name}"'


def key_type(version: tuple[int, int], said: Value) -> str:
    """Of a primary key: `id: :uuid`, or what the version of Rails takes."""
    if said == "uuid":
        return "uuid DEFAULT gen_random_uuid() NOT NULL"
    if said == "integer" or (said in (None, True, "primary_key") and version < (5, 1)):
        return "serial"
    if said in (None, True, "primary_key", "bigint", "bigserial"):
        return "bigserial"
    return f"{column_type(said, {}, version) or 'bigint'} NOT NULL"
