"""Types as Django's fields.

https://docs.djangoproject.com/en/stable/ref/models/fields/#field-types
"""

from __future__ import annotations

from migrasafe.sql.statements import TypeName

_FIELDS = {
    "int2": "SmallIntegerField",
    "int4": "IntegerField",
    "int8": "BigIntegerField",
    "serial": "AutoField",
    "bigserial": "BigAutoField",
    "smallserial": "SmallAutoField",
    "text": "TextField",
    "bool": "BooleanField",
    "float4": "FloatField",
    "float8": "FloatField",
    "bytea": "BinaryField",
    "json": "JSONField",
    "jsonb": "JSONField",
    "timestamp": "DateTimeField",
    "timestamptz": "DateTimeField",
    "date": "DateField",
    "time": "TimeField",
    "interval": "DurationField",
    "uuid": "UUIDField",
    "inet": "GenericIPAddressField",
}


def field(type: TypeName) -> tuple[str, tuple[str, ...]]:
    """The name of the field's class, and its arguments; text for a type that Django does not know."""
    if type.name in ("varchar", "bpchar") and type.modifiers and not type.array:
        return "CharField", (f"max_length={type.modifiers[0]}",)
    if type.name == "numeric" and type.modifiers and not type.array:
        places = type.modifiers[1] if len(type.modifiers) > 1 else "0"
        return "DecimalField", (f"max_digits={type.modifiers[0]}", f"decimal_places={places}")
    return ("TextField" if type.array else _FIELDS.get(type.name, "TextField")), ()


def knows(type: TypeName) -> bool:
    """Whether the field is for this type."""
    of_its_own = type.name in _FIELDS or (type.name in ("varchar", "bpchar", "numeric") and bool(type.modifiers))
    return of_its_own and not type.array
