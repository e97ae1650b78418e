"""What is dropped and added again in another form is one change, and says which."""

from __future__ import annotations

import pytest

from migrasafe.errors import InputError
from migrasafe.plan.changes.model import Change, Ground, NoPlanError
from migrasafe.plan.changes.replace_check import ReplaceCheck
from migrasafe.plan.changes.replace_foreign_key import ReplaceForeignKey
from migrasafe.plan.changes.replace_index import ReplaceIndex
from migrasafe.plan.changes.replace_key import ReplaceKey
from migrasafe.plan.changes.replace_key_by_index import ReplaceKeyByIndex
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints
from migrasafe.plan.words.words import sql_of
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

SCHEMA = schema_from_script(
    read_script(
        Source(
            path="",
            text="""
CREATE TABLE shops (id int PRIMARY KEY);
CREATE TABLE things (id int PRIMARY KEY, shop_id int CONSTRAINT shop REFERENCES shops ON DELETE CASCADE,
  size int CONSTRAINT sized CHECK (size > 3), code text CONSTRAINT coded UNIQUE);
CREATE TABLE parts (thing int REFERENCES things);
CREATE TABLE seats (id int PRIMARY KEY);
CREATE INDEX things_size ON things (size);
""",
        )
    )
)


def changes(migration: str) -> list[Change]:
    return [one.change for one in read_changes(read_script(Source(path="m.sql", text=migration)), SCHEMA, Hints())]


def phases(migration: str) -> list[PhaseName]:
    ground = Ground(schema=SCHEMA, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    wanted = read_changes(read_script(Source(path="m.sql", text=migration)), SCHEMA, Hints())
    return [phase.name for phase in draft_of(wanted, ground).phases]


@pytest.mark.parametrize(
    ("migration", "kinds"),
    [
        ("ALTER TABLE things DROP CONSTRAINT sized, ADD CONSTRAINT sized CHECK (size > 1)", [ReplaceCheck]),
        (
            "ALTER TABLE things DROP CONSTRAINT sized; CREATE TABLE x (); ALTER TABLE things ADD CONSTRAINT sized CHECK (id > 1)",
            [object, ReplaceCheck],
        ),
        (
            "ALTER TABLE things DROP CONSTRAINT shop; ALTER TABLE things ADD FOREIGN KEY (shop_id) REFERENCES shops",
            [ReplaceForeignKey],
        ),
        ("ALTER TABLE things DROP CONSTRAINT coded, ADD UNIQUE (code, shop_id)", [ReplaceKey]),
        ("DROP INDEX things_size; CREATE INDEX things_size ON things (size DESC)", [ReplaceIndex]),
        (
            "ALTER TABLE things DROP CONSTRAINT sized; ALTER TABLE things ADD CONSTRAINT other CHECK (id > 1)",
            [object, object],
        ),
        ("ALTER TABLE things DROP CONSTRAINT shop, ADD FOREIGN KEY (id) REFERENCES shops", [object, object]),
        ("DROP INDEX things_size; CREATE INDEX things_size2 ON things (size DESC)", [object, object]),
    ],
)
def test_what_is_dropped_and_added_again_is_one_change(migration: str, kinds: list[type]) -> None:
    found = changes(migration)
    assert len(found) == len(kinds)
    for one, kind in zip(found, kinds, strict=True):
        assert isinstance(one, kind)
        assert kind is not object or not type(one).__name__.startswith("Replace")


@pytest.mark.parametrize(
    ("words", "sql"),
    [
        (
            ("replace-check", "things.sized", "size > 1"),
            "ALTER TABLE public.things DROP CONSTRAINT sized, ADD CONSTRAINT sized CHECK (size > 1)",
        ),
        (
            ("replace-foreign-key", "things.shop", "ON DELETE SET NULL"),
            "ALTER TABLE public.things DROP CONSTRAINT shop, ADD CONSTRAINT shop FOREIGN KEY (shop_id) REFERENCES public.shops (id)"
            " ON DELETE SET NULL",
        ),
        (
            ("replace-primary-key", "parts", "thing"),
            "public.parts has no primary key: `primary-key parts.COLUMN` adds one",
        ),
        (("replace-unique", "things.sized", "size"), "public.things has no UNIQUE constraint sized: it has coded"),
        (
            ("replace-index", "things_size", "(lower(code))"),
            "DROP INDEX public.things_size;\nCREATE INDEX things_size ON public.things (lower(code))",
        ),
        (("replace-index", "nothing", "(a)"), "the schema has no index nothing"),
        (("replace-check", "sized", "true"), "sized is not a constraint: say TABLE.CONSTRAINT"),
    ],
)
def test_words_are_the_migration_or_one_sentence(words: tuple[str, ...], sql: str) -> None:
    try:
        said = sql_of(words, SCHEMA)
    except InputError as error:
        said = str(error)
    assert said == sql


def test_a_stricter_key_comes_after_the_old_version_and_a_looser_one_before_the_new() -> None:
    assert phases("ALTER TABLE things DROP CONSTRAINT coded, ADD UNIQUE (code, size)")[0] is PhaseName.EXPAND
    assert phases("ALTER TABLE things DROP CONSTRAINT coded, ADD CONSTRAINT coded UNIQUE (size)") == [
        PhaseName.SWITCH,
        PhaseName.CONTRACT,
    ]


def test_an_action_that_the_old_version_relies_on_goes_after_it() -> None:
    drop = "ALTER TABLE things DROP CONSTRAINT shop, ADD CONSTRAINT shop FOREIGN KEY (shop_id) REFERENCES shops"
    assert phases(drop) == [PhaseName.SWITCH, PhaseName.CONTRACT]
    assert phases(drop + " ON DELETE CASCADE DEFERRABLE") == [PhaseName.EXPAND]


def test_a_primary_key_that_others_refer_to_stays_unique_for_them() -> None:
    ground = Ground(schema=SCHEMA, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    replaced = "ALTER TABLE things DROP CONSTRAINT things_pkey, ADD PRIMARY KEY (code)"
    (found,) = changes(replaced)
    draft = found.plan(ground)
    assert draft.differs == (
        "id of public.things stays unique, by things_id_key: parts_thing_fkey of public.parts needs it",
    )
    (told,) = changes(
        f"ALTER TABLE parts DROP CONSTRAINT parts_thing_fkey; {replaced}, ADD CONSTRAINT numbered UNIQUE (id);"
        " ALTER TABLE parts ADD FOREIGN KEY (thing) REFERENCES things (id)"
    )
    assert isinstance(told, ReplaceKey)
    assert told.kept_as is not None
    assert (told.kept_as.name, len(told.references or ())) == ("numbered", 1)
    _, alone = changes(f"ALTER TABLE parts DROP CONSTRAINT parts_thing_fkey; {replaced}")
    assert isinstance(alone, ReplaceKey)
    assert alone.references == ()


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        (
            "CREATE TABLE more (code text REFERENCES things (code)); ALTER TABLE things DROP CONSTRAINT coded,"
            " ADD CONSTRAINT coded UNIQUE (code, size)",
            "public.more refers to it with more_code_fkey, so code has to stay unique",
        ),
        (
            "ALTER TABLE things DROP CONSTRAINT coded, ADD CONSTRAINT coded UNIQUE (code) INCLUDE (size)",
            "what else differs",
        ),
        (
            "CREATE TABLE more (code text REFERENCES things (code)); ALTER TABLE things DROP CONSTRAINT coded,"
            " ADD CONSTRAINT coded UNIQUE (code) DEFERRABLE",
            "PostgreSQL lets no foreign key refer to a deferrable key",
        ),
        (
            "CREATE PUBLICATION changes FOR TABLE seats; ALTER TABLE seats DROP CONSTRAINT seats_pkey,"
            " ADD CONSTRAINT seats_pkey PRIMARY KEY (id) DEFERRABLE",
            "changes publishes public.seats",
        ),
    ],
)
def test_what_cannot_be_replaced_says_why(migration: str, said: str) -> None:
    with pytest.raises(NoPlanError) as refused:
        phases(migration)
    assert said in str(refused.value)


def test_a_foreign_key_that_the_migration_leaves_not_valid_is_validated_and_that_is_told() -> None:
    migration = (
        "ALTER TABLE things DROP CONSTRAINT shop, ADD CONSTRAINT shop FOREIGN KEY (shop_id) REFERENCES shops NOT VALID"
    )
    ground = Ground(schema=SCHEMA, target=Target(), id="r1")
    script = read_script(Source(path="m.sql", text=migration))
    draft = draft_of(read_changes(script, SCHEMA, Hints()), ground)
    assert draft.differs == ("old rows have passed shop, which the migration leaves NOT VALID",)


@pytest.mark.parametrize(
    ("later", "differs"),
    [
        ("", ("old rows have passed whole, which the migration leaves NOT VALID",)),
        ("; ALTER TABLE things VALIDATE CONSTRAINT whole", ()),
    ],
)
def test_a_constraint_that_is_added_not_valid_is_validated_once(later: str, differs: tuple[str, ...]) -> None:
    script = read_script(
        Source(path="m.sql", text=f"ALTER TABLE things ADD CONSTRAINT whole CHECK (size > 0) NOT VALID{later}")
    )
    draft = draft_of(read_changes(script, SCHEMA, Hints()), Ground(schema=SCHEMA, target=Target(), id="r1"))
    assert [one.title for phase in draft.phases for one in phase.steps] == [
        "Add the constraint whole for new rows",
        "Check the old rows against whole",
    ]
    assert draft.differs == differs


def test_a_foreign_key_to_another_table_under_the_same_name_is_one_change() -> None:
    migration = (
        "ALTER TABLE things DROP CONSTRAINT shop; ALTER TABLE things ADD CONSTRAINT shop FOREIGN KEY (shop_id)"
        " REFERENCES things ON DELETE CASCADE"
    )
    (wanted,) = changes(migration)
    assert isinstance(wanted, ReplaceForeignKey)
    draft = wanted.plan(Ground(schema=SCHEMA, target=Target(), id="r1"))
    contract = draft.phases[-1]
    assert "no-orphans" in [one.id for one in contract.gates]
    swap = contract.steps[-1]
    assert "confrelid = to_regclass('public.things')" in swap.done
    assert swap.statements[0] == "LOCK TABLE public.shops, public.things IN ACCESS EXCLUSIVE MODE"


@pytest.mark.parametrize(
    ("index", "before"),
    [
        ("things (code) WHERE size > 5", True),
        ("things (size, code)", True),
        ("things (lower(code))", False),
        ('things (code COLLATE "C")', False),
        ("things (size) WHERE code IS NULL", False),
    ],
)
def test_a_unique_index_with_the_name_of_a_key_is_there_early_where_the_key_implies_it(
    index: str, before: bool
) -> None:
    migration = f"ALTER TABLE things DROP CONSTRAINT coded; CREATE UNIQUE INDEX coded ON {index}"
    (wanted,) = changes(migration)
    assert isinstance(wanted, ReplaceKeyByIndex)
    assert phases(migration) == [PhaseName.EXPAND] * before + [PhaseName.SWITCH, PhaseName.CONTRACT]


def test_a_key_that_is_referred_to_gives_way_to_no_index() -> None:
    refers = "ALTER TABLE parts ADD CONSTRAINT by_code FOREIGN KEY (code) REFERENCES things (code)"
    text = f"CREATE TABLE things (code text CONSTRAINT coded UNIQUE); CREATE TABLE parts (code text); {refers}"
    schema = schema_from_script(read_script(Source(path="s.sql", text=text)))
    migration = "ALTER TABLE things DROP CONSTRAINT coded; CREATE UNIQUE INDEX coded ON things (code) WHERE code <> ''"
    wanted = read_changes(read_script(Source(path="m.sql", text=migration)), schema, Hints())
    with pytest.raises(NoPlanError, match="parts refers to it with by_code"):
        draft_of(wanted, Ground(schema=schema, target=Target(), id="r1"))


KEYS = """
CREATE TABLE links (id bigserial PRIMARY KEY, a int NOT NULL, b int NOT NULL, UNIQUE (a, b));
CREATE TABLE sent (id bigserial PRIMARY KEY); CREATE PUBLICATION feed FOR TABLE sent;
CREATE TABLE above (id bigserial PRIMARY KEY); CREATE TABLE below (above bigint REFERENCES above);
"""


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        ("ALTER TABLE links DROP CONSTRAINT links_pkey, DROP COLUMN id", None),
        ("ALTER TABLE links DROP CONSTRAINT links_pkey", None),
        ("ALTER TABLE links DROP COLUMN id", "let the migration DROP CONSTRAINT links_pkey as well"),
        ("ALTER TABLE sent DROP CONSTRAINT sent_pkey, DROP COLUMN id", "feed publishes public.sent"),
        ("ALTER TABLE sent DROP CONSTRAINT sent_pkey", "feed publishes public.sent"),
        ("ALTER TABLE above DROP CONSTRAINT above_pkey, DROP COLUMN id", "public.below refers to it with"),
        ("ALTER TABLE above DROP CONSTRAINT above_pkey", "public.below refers to it with"),
    ],
)
def test_a_primary_key_goes_where_nothing_needs_it(migration: str, said: str | None) -> None:
    schema = schema_from_script(read_script(Source(path="s.sql", text=KEYS)))
    wanted = read_changes(read_script(Source(path="m.sql", text=migration)), schema, Hints())
    ground = Ground(schema=schema, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    if said is not None:
        with pytest.raises(NoPlanError, match=said):
            draft_of(wanted, ground)
        return
    draft = draft_of(wanted, ground)
    assert [phase.name for phase in draft.phases] == [PhaseName.SWITCH, PhaseName.CONTRACT]
    assert any("public.links has no primary key from then on" in one for one in draft.by_hand)
