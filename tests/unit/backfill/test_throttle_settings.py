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
    ("max_lag", " OFF ", None),
    ("max_lag", "none", None),
    ("max_commit_time", " Auto ", AUTO),
    ("max_commit_time", "off", None),
    ("wait_for_autovacuum", " ON ", True),
    ("wait_for_autovacuum", "true", True),
    ("wait_for_sync_standbys", "off", False),
    ("wait_for_sync_standbys", "no", False),
    ("wait_for_sync_standbys", "false", False),
    ("batch_rows", 5000.0, 5000),
    ("nice", 0, 0.0),
    ("nice", 0.95, 0.95),
    ("max_archive_backlog", "7", 7.0),
    ("windows", "off", ()),
    ("windows", " NONE ", ()),
    ("windows", [], ()),
    ("ignore_slots", "a, OFF, , b", ("a", "b")),
    ("timezone", "Europe/Berlin", "Europe/Berlin"),
])  # fmt: skip
def test_a_setting_becomes_a_limit(key: str, value: object, field: object) -> None:
    kept = check_setting(key, value, key)
    assert getattr(limits_from({key: kept}), key) == field


@pytest.mark.parametrize(("key", "value"), [
    ("max_lag", "0s"), ("max_lag", "soon"), ("nice", 1.0), ("nice", "x"), ("batch_rows", 0), ("batch_rows", 1.5),
    ("batch_rows", True), ("replicas", 5), ("wait_for_autovacuum", "maybe"), ("max_slot_wal", "0MB"),
    ("timezone", "Mars"), ("windows", "at night"), ("poll", "off"), ("target_time", "off"), ("nice", True), ("nice", -0.1),
    ("nice", 0.96), ("nice", None), ("replicas", ["r1", 2]), ("wait_for_autovacuum", 1), ("wait_for_autovacuum", None),
    ("batch_rows", "-1"), ("batch_rows", None), ("windows", ["22:00-06:00", 5]), ("timezone", 5), ("flag_files", None),
    ("http.x.url", "file:///etc/passwd"), ("sql.q.max", "many"), ("replica_dsn.", "host=r1"), ("replica_dsn.r1", ""),
    ("replica_dsn.r1", 5), ("replica_dsn.r1", "host=r1 password=x"), ("sql.q.query", 5), ("sql.q.timeout", "0s"),
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
    assert Limits(max_lag=10.0).poll_seconds == Limits(max_lag=1.1).poll_seconds == 0.25
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
    http, prometheus, sql = limits.checks
    assert [check.label for check in limits.checks] == ["http.freno", "prometheus.errors", "sql.queue"]
    assert (http.url, http.method, http.every_seconds, http.timeout_seconds) == (
        "http://freno:8111/check",
        "HEAD",
        1,
        2,
    )
    assert (http.query, http.dsn, http.token_file, http.highest, http.lowest) == ("", "", "", None, None)
    assert (prometheus.url, prometheus.query) == ("https://prometheus:9090", "sum(rate(errors[1m]))")
    assert (prometheus.every_seconds, prometheus.timeout_seconds, prometheus.highest) == (5, 3, 0.5)
    assert (sql.query, sql.url, sql.highest, sql.lowest) == ("select count(*) from jobs", "", 1000, None)


SQL: dict[str, str | float] = {
    "query": "select 1", "dsn": "host=r1", "max": 5, "min": "2", "every": "4s", "timeout": 1.5,
}  # fmt: skip
HTTP: dict[str, str | float] = {
    "url": "http://x/", "method": "get", "every": "4s", "timeout": "1s", "token_file": "/run/token",
}  # fmt: skip
PROMETHEUS: dict[str, str | float] = {
    "url": "http://x/", "query": "up", "max": "off", "min": 2, "every": 4, "timeout": "1s", "token_file": "/run/token",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "parts", "whole"),
    [
        (CheckKind.SQL, SQL, Check(name="x", kind=CheckKind.SQL, every_seconds=4, timeout_seconds=1.5, query="select 1",
                                   dsn="host=r1", highest=5.0, lowest=2.0)),
        (CheckKind.HTTP, HTTP, Check(name="x", kind=CheckKind.HTTP, every_seconds=4, timeout_seconds=1, url="http://x/",
                                     method="GET", token_file="/run/token")),
        (CheckKind.PROMETHEUS, PROMETHEUS, Check(name="x", kind=CheckKind.PROMETHEUS, every_seconds=4, timeout_seconds=1,
                                                 url="http://x/", query="up", token_file="/run/token", lowest=2.0)),
        (CheckKind.SQL, {"query": "select 1"}, Check(name="x", kind=CheckKind.SQL, every_seconds=1, timeout_seconds=2,
                                                     query="select 1")),
        (CheckKind.HTTP, {"url": "http://x/"}, Check(name="x", kind=CheckKind.HTTP, every_seconds=1, timeout_seconds=2,
                                                     url="http://x/", method="HEAD")),
        (CheckKind.PROMETHEUS, {"url": "http://x/", "query": "up", "max": 1}, Check(
            name="x", kind=CheckKind.PROMETHEUS, every_seconds=5, timeout_seconds=3, url="http://x/", query="up", highest=1.0)),
    ],
)  # fmt: skip
def test_every_part_of_a_check_is_taken(kind: CheckKind, parts: dict[str, str | float], whole: Check) -> None:
    assert limits_from({f"{kind.value}.x.{part}": value for part, value in parts.items()}).checks == (whole,)


@pytest.mark.parametrize("kind", list(CheckKind))
@pytest.mark.parametrize("part", ["every", "timeout", "max", "min", "url", "method", "query", "dsn", "token_file"])
def test_a_part_that_cannot_be_names_its_place(kind: CheckKind, part: str) -> None:
    with pytest.raises(ConfigError, match=rf"^--set {kind.value}\.x\.{part}\b"):
        check_setting(f"{kind.value}.x.{part}", ["soon"], f"--set {kind.value}.x.{part}")
    with pytest.raises(ConfigError, match=rf"settings {kind.value}\.x"):
        limits_from({f"{kind.value}.x.{part}": "0s" if part in ("every", "timeout") else ""}, "settings")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"sql.a.max": 5}, "job sql.a has no query: write sql.a.query = …"),
        ({"http.a.every": "5s"}, "job http.a has no url: write http.a.url = …"),
        ({"prometheus.a.url": "http://x"}, "job prometheus.a has no query: write prometheus.a.query = …"),
        ({"prometheus.a.url": "http://x", "prometheus.a.query": "up"},
         "job prometheus.a has no threshold: write prometheus.a.max = … (or .min)"),
        ({"sql.a.query": "select 1", "sql.a.max": 1, "sql.a.min": 2.5},
         "job sql.a can never be fine: its min (2.5) is above its max (1)"),
    ],
)  # fmt: skip
def test_a_check_that_is_not_whole_says_what_to_write(settings: dict[str, str | float], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        limits_from(settings, "job")
    assert str(refused.value) == problem


def test_a_min_that_is_the_max_leaves_one_number() -> None:
    (check,) = limits_from({"sql.a.query": "select 1", "sql.a.max": 2, "sql.a.min": 2}).checks
    assert (check.lowest, check.highest) == (2.0, 2.0)


@pytest.mark.parametrize(("key", "value", "kept"), [
    ("http.x.method", "get", "GET"), ("sql.q.every", "5s", "5s"), ("sql.q.every", 5, 5), ("sql.q.timeout", 0.5, 0.5),
    ("sql.q.max", "off", ""), ("sql.q.min", "default", ""), ("sql.q.max", "", ""), ("sql.q.max", "2.5", 2.5),
    ("sql.q.max", 7, 7.0), ("sql.q.query", "select 1", "select 1"), ("http.x.token_file", "/run/token", "/run/token"),
    ("http.x.url", "https://x:443/y", "https://x:443/y"), ("replica_dsn.r1", "host=r1", "host=r1"), ("flag_files", "", "none"),
    ("replicas", ["r1", "r2"], "r1, r2"), ("replicas", [], "none"),
    ("windows", ["22:00-06:00", "Sat 00:00-24:00"], "22:00-06:00; Sat 00:00-24:00"),
])  # fmt: skip
def test_a_setting_is_kept_as_it_can_be_written_again(key: str, value: object, kept: object) -> None:
    assert check_setting(key, value, key) == kept
    assert check_setting(key, kept, key) == kept


@pytest.mark.parametrize(("key", "value", "problem"), [
    ("http..url", "http://x", "here: write http.NAME.url, the name in letters, digits, - and _"),
    ("http.url", "http://x", "here: write http.NAME.url, the name in letters, digits, - and _"),
    ("sql.", "http://x", "here: write sql.NAME.query, the name in letters, digits, - and _"),
    ("http.x.uri", "http://x", "here: a check of the kind http has no 'uri'; did you mean url?"),
    ("http.x.max", 5, "here: a check of the kind http has no 'max'; it has url, method, every, timeout, token_file"),
    ("http.x.method", "POST", "here must be HEAD or GET, not 'POST'"),
    ("http.x.url", "http://", "here must be a URL that begins with http:// or https://, not 'http://'"),
    ("http.x.url", "http://x:0/", "here must be a URL that begins with http:// or https://, not 'http://x:0/'"),
    ("http.x.url", "http://x:y/", "here must be a URL that begins with http:// or https://, not 'http://x:y/'"),
    ("sql.q.max", True, "here must be a number, not True"),
    ("sql.q.max", "nan", "here must be a number, not 'nan'"),
    ("sql.q.dsn", "postgres://a:b@c/d", "here holds a password, and settings are kept in the database: use token_file"),
    ("sql.q.query", None, "here must be a text, not None"),
    ("replica_dsn.", "host=r1", "here: write replica_dsn.NAME = a connection string"),
    ("nice", 1, "here must be from 0 (work all the time) to 0.95 (rest 95 % of it), not 1"),
    ("replicas", 5, "here must be a list of names, not 5"),
    ("batch_rows", "x", "here must be a whole number from 1, not 'x'"),
    ("wait_for_autovacuum", "maybe", "here must be true or false, not 'maybe'"),
])  # fmt: skip
def test_what_is_refused_says_what_to_write(key: str, value: object, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_setting(key, value, "here")
    assert str(refused.value) == problem


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
