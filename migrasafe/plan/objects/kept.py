"""Functions and triggers that keep a column what others say, and stay: a copy of another table's column, a count of its rows."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.plan.dual_write.triggers import differs, pinned_path, row_of
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of, names, type_of, with_suffix
from migrasafe.schema.model import Constraint, Ref, Table
from migrasafe.sql.quote import quote_ident


class Keeper(Struct, frozen=True, kw_only=True):
    functions: tuple[tuple[Ref, str, str], ...]
    """Name, types of its arguments, and CREATE OR REPLACE FUNCTION."""
    triggers: tuple[tuple[Ref, str, str], ...]
    """Table, name, and CREATE TRIGGER."""

    @property
    def script(self) -> str:
        """All of it, as a migration has it."""
        return "".join(f"{sql};\n" for _, _, sql in (*self.functions, *self.triggers))

    def drop_sql(self, triggers: Sequence[tuple[Ref, str, str]]) -> tuple[str, ...]:
        """What takes some of the triggers away."""
        return tuple(f"DROP TRIGGER {quote_ident(name)} ON {name_of(table)}" for table, name, _ in triggers)

    @property
    def drop_functions_sql(self) -> tuple[str, ...]:
        return tuple(f"DROP FUNCTION {name_of(ref)}({arguments})" for ref, arguments, _ in self.functions)


class Copied(Struct, frozen=True, kw_only=True):
    """`table`.`column` is `source`.`value` of the row that the foreign key `by` refers to."""

    table: Table
    column: str
    source: Table
    value: str
    by: Constraint
    """Of `table`, to `source`."""
    search_path: tuple[str, ...] = ("public",)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self.by.columns, self.by.target_columns, strict=True))

    @property
    def source_value(self) -> str:
        """What the column has to be, over the table's own columns, wherever a backfill calls the table as it likes."""
        keys = [(here, there, f"kept_{place}") for place, (here, there) in enumerate(self.pairs)]
        listed = ", ".join(f"{quote_ident(there)} AS {alias}" for _, there, alias in keys)
        where = " AND ".join(f"there.{alias} = {quote_ident(here)}" for here, _, alias in keys)
        inner = f"SELECT {quote_ident(self.value)} AS kept_value, {listed} FROM {name_of(self.source.ref)}"
        return f"(SELECT there.kept_value FROM ({inner}) AS there WHERE {where})"

    def keeper(self) -> Keeper:
        table, source = self.table.ref, self.source.ref
        stem = f"{table.name}_{self.column}"
        parts = ("taken", "checked", "passed_on")
        functions = [Ref(table.schema, with_suffix(stem, f"_{part}")) for part in parts]
        triggers = [with_suffix(stem, f"_{part}") for part in ("taken", "checked", "checked_again", "passed_on")]
        key = self.table.primary_key
        assert key is not None  # whoever plans has seen to it
        column, value = quote_ident(self.column), quote_ident(self.value)
        keys = [(quote_ident(here), quote_ident(there)) for here, there in self.pairs]
        watched = [here for here, _ in keys] + [column]
        words = {
            "table": name_of(table),
            "source": name_of(source),
            "column": column,
            "value": value,
            "search_path": pinned_path((*self.search_path, table.schema, source.schema)),
            "changed": differs(row_of(f"NEW.{one}" for one in watched), row_of(f"OLD.{one}" for one in watched)),
            "its_source": " AND ".join(f"there.{there} = NEW.{here}" for here, there in keys),
            "pairs": " AND ".join(f"there.{there} = here.{here}" for here, there in keys),
            "this_row": " AND ".join(f"here.{quote_ident(one)} = NEW.{quote_ident(one)}" for one in key.columns),
            "its_rows": " AND ".join(f"here.{here} = NEW.{there}" for here, there in keys),
        }
        apart = differs(row_of([f"here.{column}"]), row_of([f"there.{value}"]))
        passed_on = differs(row_of([f"here.{column}"]), row_of([f"NEW.{value}"]))
        foreign = names(here for here, _ in self.pairs)
        moved = differs(row_of(f"OLD.{here}" for here, _ in keys), row_of(f"NEW.{here}" for here, _ in keys))
        return Keeper(
            functions=tuple(
                (
                    ref,
                    "",
                    filled(
                        f"kept_copy_{part}.sql",
                        function=name_of(ref),
                        apart=passed_on if part == "passed_on" else apart,
                        **words,
                    ).strip(),
                )
                for ref, part in zip(functions, parts, strict=True)
            ),
            triggers=tuple(
                (on, name, f"CREATE {text} EXECUTE FUNCTION {name_of(function)}()")
                for on, name, text, function in (
                    (
                        table,
                        triggers[0],
                        f"TRIGGER {quote_ident(triggers[0])} BEFORE INSERT OR UPDATE OF {foreign}, {column} ON"
                        f" {name_of(table)} FOR EACH ROW",
                        functions[0],
                    ),
                    (
                        table,
                        triggers[1],
                        f"CONSTRAINT TRIGGER {quote_ident(triggers[1])} AFTER INSERT ON {name_of(table)}"
                        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
                        functions[1],
                    ),
                    (
                        table,
                        triggers[2],
                        f"CONSTRAINT TRIGGER {quote_ident(triggers[2])} AFTER UPDATE OF {foreign} ON {name_of(table)}"
                        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ({moved})",
                        functions[1],
                    ),
                    (
                        source,
                        triggers[3],
                        f"TRIGGER {quote_ident(triggers[3])} AFTER UPDATE OF {value} ON {name_of(source)}"
                        f" FOR EACH ROW WHEN ({differs(row_of([f'OLD.{value}']), row_of([f'NEW.{value}']))})",
                        functions[2],
                    ),
                )
            ),
        )


class Counted(Struct, frozen=True, kw_only=True):
    """`table`.`column` is the number of the rows of `child` whose foreign key `by` refers to the row."""

    table: Table
    column: str
    child: Table
    by: Constraint
    """Of `child`, to `table`."""
    search_path: tuple[str, ...] = ("public",)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Of the child, and of the table."""
        return tuple(zip(self.by.columns, self.by.target_columns, strict=True))

    @property
    def function(self) -> Ref:
        """What counts the rows of one row now."""
        return Ref(self.table.ref.schema, with_suffix(f"{self.table.ref.name}_{self.column}", "_now"))

    @property
    def counted_now(self) -> str:
        """What the column has to be, over the table's own columns."""
        return f"{name_of(self.function)}({names(there for _, there in self.pairs)})"

    def keeper(self) -> Keeper:
        table, child = self.table.ref, self.child.ref
        stem = f"{table.name}_{self.column}"
        column = quote_ident(self.column)
        keys = [(quote_ident(here), quote_ident(there)) for here, there in self.pairs]
        numbered = [(f"kept_{place}", here, there) for place, (here, there) in enumerate(keys)]
        types = [type_of(one) for _, there in self.pairs for one in self.table.columns if one.name == there]
        words = {
            "table": name_of(table),
            "child": name_of(child),
            "column": column,
            "search_path": pinned_path((*self.search_path, table.schema, child.schema)),
            "arguments": ", ".join(types),
            "is_argument": " AND ".join(f"there.{here} = ${place}" for place, (here, _) in enumerate(keys, start=1)),
            "keys": ", ".join(f"kept_one.{alias}" for alias, _, _ in numbered),
            "keys_as": ", ".join(f"kept_one.{alias}" for alias, _, _ in numbered),
            "keys_given": " AND ".join(f"kept_one.{alias} IS NOT NULL" for alias, _, _ in numbered),
            "pairs": " AND ".join(f"here.{there} = change.{alias}" for alias, _, there in numbered),
            "target_keys": ", ".join(f"here.{there} AS {alias}" for alias, _, there in numbered),
            "order": ", ".join(f"here.{there}" for _, _, there in numbered),
            "its_locked": " AND ".join(f"here.{there} = locked.{alias}" for alias, _, there in numbered),
        }
        listed = ", ".join(f"{here} AS {alias}" for alias, here, _ in numbered)
        come, gone = (
            f"SELECT {listed}, {one} AS kept_n FROM {rows}" for one, rows in ((1, "kept_came"), (-1, "kept_went"))
        )
        ways = {
            "came": ("INSERT", "NEW TABLE AS kept_came", come),
            "went": ("DELETE", "OLD TABLE AS kept_went", gone),
            "moved": ("UPDATE", "OLD TABLE AS kept_went NEW TABLE AS kept_came", f"{come} UNION ALL {gone}"),
        }
        functions = [
            (
                self.function,
                ", ".join(types),
                filled("kept_count_of.sql", function=name_of(self.function), **words).strip(),
            )
        ]
        triggers = []
        for part, (event, tables, rows) in ways.items():
            ref, name = Ref(table.schema, with_suffix(stem, f"_{part}")), with_suffix(stem, f"_{part}")
            text = filled("kept_count_changed.sql", function=name_of(ref), rows=rows, **words).strip()
            functions.append((ref, "", text))
            triggers.append(
                (
                    child,
                    name,
                    f"CREATE TRIGGER {quote_ident(name)} AFTER {event} ON {name_of(child)} REFERENCING {tables}"
                    f" FOR EACH STATEMENT EXECUTE FUNCTION {name_of(ref)}()",
                )
            )
        ref, name = Ref(table.schema, with_suffix(stem, "_emptied")), with_suffix(stem, "_emptied")
        functions.append((ref, "", filled("kept_count_emptied.sql", function=name_of(ref), **words).strip()))
        triggers.append(
            (
                child,
                name,
                f"CREATE TRIGGER {quote_ident(name)} AFTER TRUNCATE ON {name_of(child)}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name_of(ref)}()",
            )
        )
        return Keeper(functions=tuple(functions), triggers=tuple(triggers))
