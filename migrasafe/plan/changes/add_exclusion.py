"""An EXCLUDE constraint, which PostgreSQL can neither add for new rows only nor build beside the traffic: a maintenance window."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Gate, Step
from migrasafe.schema.definitions import name_of, names, stored, when_checked
from migrasafe.schema.model import Table
from migrasafe.sql.deparse import deparse, deparse_expression
from migrasafe.sql.expressions import names_of
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import ConstraintDef, Expression, Name, Node


class AddExclusion(Struct, frozen=True, kw_only=True):
    table: Name
    name: str
    wanted: ConstraintDef

    def plan(self, ground: Ground) -> Draft:
        """Nobody breaks it, no two rows do, and then it is built while writers wait. Raises NoPlanError."""
        table = table_of(ground, self.table)
        if table.constraint(self.name) is not None:
            raise NoPlanError(
                f"{table.ref} has a constraint {self.name} already: give the one that takes its place another name, so that"
                " there is always one of them"
            )
        if table.partition_by is not None:
            raise NoPlanError(f"{table.ref} is partitioned: add the constraint to each partition, one after the other")
        body = exclusion_body(self.wanted)
        return Draft(
            title=f"add {body} to {table.ref}",
            tables=(table.ref,),
            phases=(
                phases.deploy(f"obeys {body}", "may still break the rule"),
                phases.contract(
                    f"{self.name} is built, and asked of every row from then on",
                    f"obeys {body}, and is refused (23P01) where it does not",
                    (build_exclusion(table, self.name, body),),
                    needed=f"to write rows that {self.name} refuses",
                    old_application_name=ground.old_application_name,
                    gates=(no_two(table, self.wanted),),
                ),
            ),
            by_hand=(
                "choose an hour in which that long a wait hurts least; while it waits for its lock, others do not queue behind it"
                " for longer than lock_timeout",
            ),
        )


def build_exclusion(table: Table, name: str, body: str) -> Step:
    """The one step that others have to wait for."""
    alter = f"ALTER TABLE {name_of(table.ref)}"
    return Step(
        title=f"Build the constraint {name}",
        statements=(f"{alter} ADD CONSTRAINT {quote_ident(name)} {body}",),
        done=predicates.constraint_exists(table.ref, name),
        undo=(f"{alter} DROP CONSTRAINT {quote_ident(name)}",),
        window=(
            f"nobody reads or writes {table.ref} while its index is built, since EXCLUDE knows neither NOT VALID nor USING INDEX"
        ),
    )


def exclusion_body(wanted: ConstraintDef) -> str:
    """What follows ADD CONSTRAINT name."""
    elements = ", ".join(f"{_written(element)} WITH {operator}" for element, operator in _pairs(wanted))
    words = [f"EXCLUDE USING {quote_ident(wanted.exclude_method or 'btree')} ({elements})"]
    words += [f"INCLUDE ({names(wanted.include)})"] if wanted.include else []
    words += stored(wanted)
    if wanted.expression is not None:
        words.append(f"WHERE ({deparse_expression(wanted.expression)})")
    return " ".join(words) + when_checked(wanted)


def _pairs(wanted: ConstraintDef) -> Iterator[tuple[Node, str]]:
    for one in wanted.exclusions:
        element, operator = one.node["List"]["items"]
        names = names_of(operator["List"]["items"])
        sign = names[-1]
        yield element["IndexElem"], sign if len(names) == 1 else f"OPERATOR({quote_ident(names[0])}.{sign})"


def _value(element: Node) -> str:
    if "name" in element:
        return quote_ident(element["name"])
    return f"({deparse_expression(Expression(node=element['expr']))})"


def _written(element: Node) -> str:
    """With collation, operator class and order, by the writer of CREATE INDEX."""
    index = {
        "idxname": "i",
        "relation": {"relname": "t", "inh": True, "relpersistence": "p"},
        "accessMethod": "gist",
        "indexParams": [{"IndexElem": element}],
    }
    text = deparse({"IndexStmt": index})
    return text[text.index("(") + 1 : text.rindex(")")]


def no_two(table: Table, wanted: ConstraintDef) -> Gate:
    """Whether the rows that are there obey it."""
    values = [(_value(element), operator) for element, operator in _pairs(wanted)]
    listed = ", ".join(f"{value} AS e{place}" for place, (value, _) in enumerate(values))
    where = f" WHERE {deparse_expression(wanted.expression)}" if wanted.expression is not None else ""
    rows = f"(SELECT ctid AS place, {listed} FROM {name_of(table.ref)}{where})"
    alike = " AND ".join(f"one.e{place} {operator} other.e{place}" for place, (_, operator) in enumerate(values))
    return Gate(
        id="no-two-exclude-each-other",
        question=f"Do no two rows of {table.ref} exclude each other?",
        query=f"SELECT count(*) FROM {rows} AS one JOIN {rows} AS other ON one.place < other.place AND {alike}",
        expected="0",
        otherwise=f"Change or delete one of each two: ctid tells which ({quote_literal(table.ref.name)}).",
    )
