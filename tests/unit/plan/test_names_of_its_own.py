"""What a plan makes has a name that nothing has, of 63 bytes at most, as PostgreSQL would choose it."""

from __future__ import annotations

from migrasafe.plan.changes.model import Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import Plan
from migrasafe.plan.output.write_plan import plan_files
from migrasafe.plan.put_together import put_together
from migrasafe.plan.read.changes import read_changes
from migrasafe.plan.read.hints import Hints, hints_of
from migrasafe.schema.definitions import with_suffix
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

LONG = "x" * 63


def planned(given: str, migration: str, hints: Hints | None = None) -> tuple[Plan, Schema]:
    schema = schema_from_script(read_script(Source(path="given.sql", text=given)))
    ground = Ground(schema=schema, target=Target(pg_version=15, pg_version_assumed=False), id="r1")
    script = read_script(Source(path="m.sql", text=migration))
    return put_together(draft_of(read_changes(script, schema, hints or Hints()), ground), ground), schema


def test_the_sequence_of_a_numbered_column_is_not_one_that_is_there() -> None:
    plan, _ = planned("CREATE TABLE t (a int); CREATE SEQUENCE t_id_seq", "ALTER TABLE t ADD COLUMN id bigserial")
    assert any("CREATE SEQUENCE public.t_id_seq1 " in one for step in plan.steps for one in step.statements)


def test_the_proof_of_a_long_name_is_called_as_the_server_calls_it() -> None:
    plan, _ = planned(f"CREATE TABLE {LONG} ({LONG} int)", f"ALTER TABLE {LONG} ALTER {LONG} SET NOT NULL")
    name = f"{'x' * 27}_{'x' * 26}_not_null"
    assert any(f"conname = '{name}'" in step.done for step in plan.steps)
    assert len(name) == 63


def test_a_suffix_of_several_bytes_a_letter_leaves_room_for_itself() -> None:
    assert len(with_suffix(LONG, "_éé").encode()) == 63
    assert with_suffix("orders", "__ms") == "orders__ms"


def test_names_that_differ_in_what_is_cut_stay_apart() -> None:
    made = {with_suffix(f"{LONG[:-1]}{letter}", "__ms_dropped") for letter in "abc"}
    assert len(made) == 3 and {len(one) for one in made} == {63}


def test_what_a_name_holds_is_no_line_of_its_own_in_any_file() -> None:
    plan, schema = planned(
        'CREATE TABLE "t\nx" (id int PRIMARY KEY, a int)', 'ALTER TABLE "t\nx" RENAME COLUMN a TO "b\ny"'
    )
    for name, text in plan_files(plan, schema).items():
        if name.endswith((".sql", ".toml")):
            quoted = text.replace('"t\nx"', "").replace('"b\ny"', "").replace(r"\n", "")
            assert [
                line for line in quoted.splitlines() if line in ("x", "y") or line.startswith(("x ", "y "))
            ] == [], name


def test_names_in_a_comment_may_hold_the_signs_between_names() -> None:
    first, second = '"a.b, c"', '"d -> e = (f)"'
    plan, _ = planned(
        f"CREATE TABLE t (id int PRIMARY KEY, {first} text)",
        f"-- migrasafe: replace t.{first} -> {second}, g\nALTER TABLE t ADD COLUMN {second} text, ADD COLUMN g text,"
        f" DROP COLUMN {first}",
        hints_of(up=f"{second} = {first}, g = {first}", down=second),
    )
    assert any(second in one for step in plan.steps for one in step.statements)
