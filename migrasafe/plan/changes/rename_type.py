"""A type or domain under another name, or in another schema: with a second name where PostgreSQL can have one."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import ref_aside
from migrasafe.plan.carry_over.columns_of_type import columns_of_type
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.plan.objects.put_aside import clear_away
from migrasafe.plan.objects.renamed import renamed
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Composite, Domain, EnumType, Ref
from migrasafe.sql.statements import Name


class RenameType(Struct, frozen=True, kw_only=True):
    type: Name
    new_name: str | None = None
    """None: the name stays."""
    new_schema: str | None = None
    """None: the schema stays."""

    def plan(self, ground: Ground) -> Draft:
        """A domain takes the old name for as long as somebody says it; of an enum it would not do. Raises NoPlanError."""
        old = ground.schema.resolve_type(*self.type)
        type = ground.schema.types.get(old)
        if type is None:
            raise NoPlanError(f"the schema has no type {self.type}: give the one it is in with --schema")
        new = Ref(self.new_schema or old.schema, self.new_name or old.name)
        if new in ground.schema.types or ground.schema.relation(new) is not None:
            raise NoPlanError(f"{new} is there already")
        users = tuple(columns_of_type(ground.schema, old))
        tables = tuple(dict.fromkeys(table for table, _, _ in users))
        arrays = [f"{table}.{column}" for table, column, plain in users if not plain]
        word = "DOMAIN" if isinstance(type, Domain) else "TYPE"
        there, back = renamed(word, old, new), renamed(word, new, old)
        title = f"rename the {word.lower()} {old} to {new}"
        if not isinstance(type, (Domain, Composite)) or arrays:
            why = (
                f"no second name would do: an array of a domain compares with no array of {new.name} (42883), and"
                f" {', '.join(arrays)} holds such"
                if arrays
                else f"no second name would do: PostgreSQL compares no value of a domain over {_kind(type)} with one of it (42883)"
            )
            return self._by_neither(ground, title, tables, old, new, _step(old, new, there, back), why)
        alias = f"CREATE DOMAIN {name_of(old)} AS {name_of(new)}"
        drop = f"DROP DOMAIN {name_of(old)}"
        aside = ref_aside(old)
        step = _step(old, new, (*there, alias), (*renamed("DOMAIN", old, aside), *back))
        cleared = clear_away(
            f"the second name {old}", predicates.type_exists(aside), f"DROP DOMAIN IF EXISTS {name_of(aside)}"
        )
        last = Step(
            title=f"The name {old} goes",
            statements=(drop,),
            done=predicates.not_(predicates.type_exists(old)),
            undo=(alias,),
        )
        return Draft(
            title=title,
            tables=tables,
            second_names=(old,),
            phases=(
                phases.expand(
                    f"{new} has a second name, {old}",
                    f"says {old}, a domain over {new}",
                    f"may say {new}",
                    (cleared, step),
                ),
                phases.deploy(f"says {new}", f"says {old}"),
                phases.contract(
                    f"{old} goes",
                    f"says {new}",
                    (last,),
                    needed=f"the name {old}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "columns, functions and views are bound to the type, not to its name: they follow by themselves, and no row is"
                " touched",
            ),
            by_hand=(
                f"look for {old.name} in the bodies of functions, which say it as a text: they have to say {new.name} before the"
                " contract phase",
                f"a driver that looks the type up by its name ({old.name}) when it connects finds a domain: see that the old version"
                " can be started then",
            ),
        )

    def _by_neither(
        self, ground: Ground, title: str, tables: tuple[Ref, ...], old: Ref, new: Ref, step: Step, why: str
    ) -> Draft:
        """A version in between says neither name, and lives with both."""
        plain = "says neither name: plain values ('a', not 'a'::type) take the type of what stands beside them"
        return Draft(
            title=title,
            tables=tables,
            late_names=(new,),
            phases=(
                phases.deploy(plain, f"says {old} in casts", between=True),
                phases.contract(
                    f"{old} is called {new}",
                    f"{plain}; the version after it may say {new}",
                    (step,),
                    needed=f"the name {old}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(why, "columns, functions and views follow by themselves, and no row is touched"),
            by_hand=(
                f"look for {old.name} in the bodies of functions, which say it as a text, and replace them in the same minute",
                f"an ORM that casts to {old.name} by itself has to leave the cast out in the version in between: the server knows the"
                " type of a parameter by what stands beside it",
            ),
        )


def _step(old: Ref, new: Ref, there: tuple[str, ...], back: tuple[str, ...]) -> Step:
    return Step(title=f"Let {old} be called {new}", statements=there, done=predicates.type_exists(new), undo=back)


def _kind(type: object) -> str:
    return "an enum" if isinstance(type, EnumType) else "this kind of type"
