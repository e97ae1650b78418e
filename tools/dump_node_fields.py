"""Writes migrasafe/sql/node_fields.json from the parser that is installed: of each node of its trees the fields, with their
number in bytes and what they hold (a node, a word of an enum, str, float or int); and the number of each word.

    python tools/dump_node_fields.py > migrasafe/sql/node_fields.json
"""

from __future__ import annotations

import json

from google.protobuf.descriptor import FieldDescriptor
from postgast import pg_query_pb2

_KINDS = {FieldDescriptor.TYPE_STRING: "str", FieldDescriptor.TYPE_DOUBLE: "float"}


def main() -> None:
    """Print the file."""
    described = pg_query_pb2.DESCRIPTOR
    nodes = {
        name: {field.json_name: (field.number, _kind(field)) for field in node.fields}
        for name, node in described.message_types_by_name.items()
    }
    enums = {
        name: {word.name: word.number for word in enum.values} for name, enum in described.enum_types_by_name.items()
    }
    print(json.dumps({"nodes": nodes, "enums": enums}, sort_keys=True, separators=(",", ":")).replace("},", "},\n"))


def _kind(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return str(field.message_type.name)
    if field.enum_type is not None:
        return str(field.enum_type.name)
    return _KINDS.get(field.type, "int")


if __name__ == "__main__":
    main()
