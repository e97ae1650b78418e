"""Settings of the throttle: what people may write, and what it becomes."""

from __future__ import annotations

import pytest

from migrasafe.backfill.job.settings import run_settings
from migrasafe.backfill.throttle.checks import Check, CheckKind, CheckSeen, judge
from migrasafe.backfill.throttle.limits import AUTO, Limits
from migrasafe.backfill.throttle.settings import DEFAULTS, KNOWN, check_setting, is_ours, limits_from
from migrasafe.errors import ConfigError


def test_what_is_not_said_is_as_the_defaults_say() -> None:
    assert limits_from({}) == Limits() == limits_from(DEFAULTS)


def test_every_default_can_be_written_as_it_is_shown() -> None:
    assert {key: check_setting(key, value, key) for key, value in DEFAULTS.items()} == dict(DEFAULTS)


@pytest.mark.parametrize(("key", "value", "field"), [
    ("max_lag", "500ms", 0.5),
    ("max_lag", "off", None),
    ("max_lag", False, None),
    ("replicas", "r1, r2", ("r1", "r2")),
    ("replicas", "none", ()),
    ("replicas", ["r1", "r2"], ("r1", "r2")),
    ("batch_rows", 5000, 5000),
    ("batch_rows", "5000", 5000),
    ("batch_rows", "auto", AUTO),
    ("nice", "0.5", 0.5),
    ("max_slot_wal", "5GB", 5 * 2**30),
    ("wait_for_autovacuum", "yes", True),
    ("wait_for_autovacuum", True, True),
    ("max_active_sessions", 40, 40.0),
    ("flag_files", "/etc/stop, /tmp/stop", ("/etc/stop", "/tmp/stop")),
])  # fmt: skip
def test_a_setting_becomes_a_limit(key: str, value: object, field: object) -> None:
    kept = check_setting(key, value, key)
    assert getattr(limits_from({key: kept}), key) == field


@pytest.mark.parametrize(("key", "value"), [
    ("max_lag", "0s"), ("max_lag", "soon"), ("nice", 1.0), ("nice", "x"), ("batch_rows", 0), ("batch_rows", 1.5),
    ("batch_rows", True), ("replicas", 5), ("wait_for_autovacuum", "maybe"), ("max_slot_wal", "0MB"),
    ("timezone", "Mars"), ("windows", "at night"), ("poll", "off"), ("target_time", "off"),
])  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^--set {key}"):
        check_setting(key, value, f"--set {key}")


def test_a_misspelled_setting_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigError, match="did you mean max_lag"):
        check_setting("max_lags", "1s", "--set max_lags")


def test_default_brings_a_setting_back() -> None:
    assert check_setting("max_lag", "default", "x") == "1s"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"nice.*; .*max_lag.*; .*prometheus\.errors has no url"):
        limits_from({"max_lag": "x", "nice": 2, "prometheus.errors.query": "up"})


def test_a_smallest_batch_above_the_biggest_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_batch_rows is more than max_batch_rows"):
        limits_from({"min_batch_rows": 10, "max_batch_rows": 5})


def test_keys_of_others_are_passed_by() -> None:
    assert not is_ours("lock_timeout")
    assert limits_from({"lock_timeout": "500ms"}) == Limits()


def test_replicas_can_be_given_by_connection_strings() -> None:
    limits = limits_from({"replica_dsn.r2": "host=r2", "replica_dsn.r1": "host=r1"})
    assert limits.replica_dsns == (("r1", "host=r1"), ("r2", "host=r2"))
    assert is_ours("replica_dsn.r1")


def test_limits_on_lag_below_a_second_are_looked_at_more_often() -> None:
    assert Limits(max_lag=10.0).poll_seconds == 0.25
    assert Limits(max_lag=1.0).poll_seconds == 0.1
    assert Limits(max_lag=0.3).poll_seconds == pytest.approx(0.03)
    assert Limits(max_lag=None).poll_seconds == 0.25
    assert Limits(max_lag=1.0, poll=2.0).poll_seconds == 2.0


def test_checks_of_all_kinds_are_read() -> None:
    limits = limits_from(
        {
            "sql.queue.query": "select count(*) from jobs",
            "sql.queue.max": 1000,
            "http.freno.url": "http://freno:8111/check",
            "prometheus.errors.url": "https://prometheus:9090",
            "prometheus.errors.query": "sum(rate(errors[1m]))",
            "prometheus.errors.max": "0.5",
        }
    )
    assert [check.label for check in limits.checks] == ["http.freno", "prometheus.errors", "sql.queue"]
    assert limits.checks[1].highest == 0.5


@pytest.mark.parametrize(("settings", "problem"), [
    ({"sql.queue.max": 5}, "sql.queue has no query"),
    ({"prometheus.e.url": "http://p", "prometheus.e.query": "up"}, "has no threshold"),
    ({"http.x.url": "file:///etc/passwd"}, "must be a URL"),
    ({"http.x.uri": "http://x"}, "did you mean url"),
    ({"http..url": "http://x"}, "the name in letters"),
    ({"http.x.url": "http://x", "http.x.method": "POST"}, "must be HEAD or GET"),
    ({"sql.q.query": "select 1", "sql.q.max": 1, "sql.q.min": 2}, "can never be fine"),
    ({"sql.q.query": "select 1", "sql.q.max": "many"}, "must be a number"),
    ({"sql.q.query": "select 1", "sql.q.every": "0s"}, "longer than nothing"),
])  # fmt: skip
def test_a_check_that_cannot_be_asked_is_refused(settings: dict[str, str | int], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        limits_from(settings)


def check(**changes: object) -> Check:
    return Check(**{"name": "errors", "kind": CheckKind.SQL, "every_seconds": 1, "timeout_seconds": 2} | changes)  # type: ignore[arg-type]  # each test gives what its field takes


def test_a_check_within_its_thresholds_is_fine() -> None:
    assert judge(check(highest=5.0, lowest=1.0), CheckSeen(value=5.0), "1 s") is None


def test_a_check_above_its_maximum_stops_with_its_number() -> None:
    reason = judge(check(highest=5.0), CheckSeen(value=7.5, words="pod=web-3"), "1 s")
    assert reason is not None and reason.stops and (reason.value, reason.limit) == (7.5, 5.0)
    assert reason.text == "check sql.errors is 7.5 (pod=web-3), above its max of 5"


def test_a_check_without_a_number_is_never_fine() -> None:
    assert judge(check(highest=5.0), CheckSeen(value=float("nan")), "1 s") is not None


def test_a_check_that_says_wait_stops_with_its_words() -> None:
    reason = judge(check(), CheckSeen(goes=False, words="deploy is running"), "1 s")
    assert reason is not None and reason.text == "check sql.errors says wait: deploy is running"
    assert judge(check(), CheckSeen(goes=True), "1 s") is None


def test_every_setting_says_what_it_means() -> None:
    assert all(known.meaning for known in KNOWN.values())


@pytest.mark.parametrize(("settings", "seconds"), [
    ({}, 5.0), ({"target_time": "1s"}, 20.0), ({"target_time": "1s", "statement_timeout": "3s"}, 3.0),
    ({"statement_timeout": "auto", "target_time": "20ms"}, 5.0),
])  # fmt: skip
def test_the_hard_end_of_a_batch_follows_its_target(settings: dict[str, str], seconds: float) -> None:
    assert run_settings(settings).statement_timeout_seconds == seconds
