"""What a trigger function does with NEW is read from its body, without running it."""

from __future__ import annotations

from migrasafe.sql.plpgsql.trigger_bodies import Assignment, assignments_to_new


def body(inner: str) -> str:
    return f"BEGIN {inner} RETURN NEW; END"


def test_an_assignment_names_its_column_and_the_columns_of_new_that_it_reads():
    (found,) = assignments_to_new(body("NEW.total := NEW.net + NEW.tax;"))
    assert found == Assignment(column="total", reads=frozenset({"net", "tax"}))


def test_names_are_folded_unless_quoted_and_both_signs_assign():
    found = assignments_to_new(body('new.Total = now(); NEW."Total" := OLD."Total";'))
    assert [one.column for one in found] == ["total", "Total"]
    assert [one.from_old for one in found] == [False, True]


def test_what_a_branch_or_a_loop_decides_does_not_always_run():
    found = assignments_to_new(
        body(
            "IF NEW.a IS NULL THEN NEW.a := NEW.b; END IF; BEGIN NEW.c := NEW.d; END; LOOP NEW.e := 1; EXIT; END LOOP;"
        )
    )
    assert {one.column: one.always for one in found} == {"a": False, "c": True, "e": False}


def test_other_variables_are_not_new_and_what_cannot_be_read_gives_nothing():
    assert assignments_to_new("DECLARE n int; BEGIN n := NEW.a; RETURN NEW; END") == ()
    assert assignments_to_new("BEGIN this is not plpgsql") == ()
    assert assignments_to_new("") == ()
