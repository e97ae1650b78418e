"""What the replay calls a disagreement between a prediction and a server."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Effects, Failure, Lock, Trouble, Work, WorkKind
from migrasafe.locks import LockMode
from migrasafe.postgres.watch.observed import Observed
from migrasafe.rehearse.migration.compare import disagreements
from migrasafe.rehearse.migration.expected import Expected
from migrasafe.rehearse.migration.run import Outcome, State
from migrasafe.schema.model import Ref
from migrasafe.sql.parse import parse_statement

ORDERS = Ref("public", "orders")
REWRITE = Work(kind=WorkKind.REWRITE, relation=ORDERS, cause=Cause.COLUMN_TYPE)
SCAN = Work(kind=WorkKind.SCAN, relation=ORDERS, cause=Cause.CHECK)
BUILD = Work(kind=WorkKind.INDEX_BUILD, relation=ORDERS, cause=Cause.CREATE_INDEX)
CHANGE = "ALTER TABLE orders ALTER COLUMN total TYPE bigint"


def locked(mode: LockMode) -> Effects:
    return Effects(locks=(Lock(relation=ORDERS, mode=mode),))


def told(
    certain: Effects,
    seen: Observed,
    *,
    sql: str = CHANGE,
    possible: Effects | None = None,
    held: LockMode | None = None,
    looked_up: frozenset[str] = frozenset(),
) -> list[tuple[str, str, str]]:
    expected = Expected(
        statement=parse_statement(sql),
        sql=sql,
        path="0001.sql",
        line=1,
        certain=certain,
        possible=possible or certain,
        looked_up=looked_up,
        after=None,
    )
    outcome = Outcome(
        expected=expected, state=State.RAN, observed=seen, held_before={} if held is None else {str(ORDERS): held}
    )
    return [(one.about, one.predicted, one.observed) for one in disagreements(outcome, {"public.orders"})]


def seen(mode: LockMode | None = None, **work: tuple[str, ...]) -> Observed:
    return Observed(statement=0, in_transaction=True, locks={} if mode is None else {str(ORDERS): mode}, **work)  # type: ignore[arg-type]  # the names of the fields with tables


def test_the_same_lock_and_work_agree() -> None:
    predicted = locked(LockMode.ACCESS_EXCLUSIVE).and_(Effects(work=(REWRITE,)))
    assert told(predicted, seen(LockMode.ACCESS_EXCLUSIVE, rewrites=("public.orders",))) == []


def test_another_lock_disagrees_whichever_is_stronger() -> None:
    share, exclusive = LockMode.SHARE, LockMode.ACCESS_EXCLUSIVE
    assert told(locked(share), seen(exclusive)) == [("lock", "SHARE", "ACCESS EXCLUSIVE")]
    assert told(locked(exclusive), seen(share)) == [("lock", "ACCESS EXCLUSIVE", "SHARE")]
    assert told(Effects(), seen(share)) == [("lock", "none", "SHARE")]
    assert told(locked(share), seen()) == [("lock", "SHARE", "none")]


def test_a_lock_that_was_held_before_is_not_taken_again() -> None:
    assert told(locked(LockMode.SHARE), seen(), held=LockMode.ACCESS_EXCLUSIVE) == []
    assert told(locked(LockMode.ACCESS_EXCLUSIVE), seen(), held=LockMode.SHARE) == [
        ("lock", "ACCESS EXCLUSIVE", "none")
    ]


def test_a_branch_may_be_taken_or_not() -> None:
    possible = locked(LockMode.ACCESS_EXCLUSIVE)
    for mode in (None, LockMode.SHARE, LockMode.ACCESS_EXCLUSIVE):
        assert told(Effects(), seen(mode), possible=possible) == []
    assert told(Effects(), seen(LockMode.ACCESS_EXCLUSIVE), possible=locked(LockMode.SHARE)) == [
        ("lock", "SHARE", "ACCESS EXCLUSIVE")
    ]


def test_work_is_compared_both_ways() -> None:
    assert told(Effects(work=(REWRITE,)), seen()) == [("rewrite", "rewrite", "none")]
    assert told(Effects(), seen(rewrites=("public.orders",))) == [("rewrite", "none", "rewrite")]
    assert told(Effects(work=(BUILD,)), seen()) == [("index build", "index build", "none")]
    assert told(Effects(), seen(index_builds=("public.orders",))) == [("index build", "none", "index build")]
    assert told(Effects(work=(SCAN,)), seen()) == [("scan", "scan", "none")]
    assert told(Effects(), seen(scans=("public.orders",))) == [("scan", "none", "scan")]


def test_a_scan_that_belongs_to_a_rewrite_or_a_look_up_needs_no_prediction_of_its_own() -> None:
    assert told(Effects(work=(REWRITE,)), seen(rewrites=("public.orders",), scans=("public.orders",))) == []
    assert told(Effects(), seen(scans=("public.orders",)), looked_up=frozenset({"public.orders"})) == []


def test_which_rows_a_query_reads_is_the_planners_choice() -> None:
    assert told(Effects(), seen(scans=("public.orders",)), sql="UPDATE orders SET total = 1 WHERE id = 3") == []


def test_a_failure_that_was_certain_and_did_not_come_disagrees() -> None:
    failure = Failure(trouble=Trouble.NO_SUCH_COLUMN, reason="column total does not exist")
    (one,) = told(Effects(failures=(failure,)), seen())
    assert one == ("failure", "42703 column total does not exist", "it ran")
