"""Asks a team's own checks: an SQL query, a URL that says go or wait, a Prometheus query."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from migrasafe.backfill.throttle.checks import Check, CheckKind, CheckSeen
from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection
from migrasafe.postgres.figures.load import ask_value

MOST_BYTES = 1_000_000
WAIT_STATUS = (404, 417, 429, 500, 503)
"""What freno and its like answer for wait; any other answer than 2xx is a mistake in the check."""


class _NoRedirect(HTTPRedirectHandler):
    """A login page that answers 200 is no permission to go on."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def ask_check(check: Check, connection: Connection | None) -> CheckSeen:
    """What a check answers now. Raises ServerError when it gives no answer that can be judged."""
    match check.kind:
        case CheckKind.SQL:
            if connection is None:
                raise ServerError("there is no connection to ask it on")
            return _sql(check, connection)
        case CheckKind.HTTP:
            return _http(check)
        case CheckKind.PROMETHEUS:
            return _prometheus(check)


def _sql(check: Check, connection: Connection) -> CheckSeen:
    row = ask_value(connection, check.query, check.timeout_seconds)
    if not row or row[0] is None:
        raise ServerError("its query has no result")
    first, words = row[0], " ".join(str(value) for value in row[1:] if value is not None)
    if isinstance(first, bool):
        return CheckSeen(goes=first, words=words)
    try:
        value = float(first)
    except (TypeError, ValueError) as error:
        raise ServerError(f"its query says {first!r}: it must be true, false or a number") from error
    if check.highest is None and check.lowest is None:
        raise ServerError("its query says a number, and the check has neither max nor min")
    return CheckSeen(value=value, words=words)


def _http(check: Check) -> CheckSeen:
    status, body = _fetch(check, check.url, check.method)
    if 200 <= status < 300:
        return CheckSeen(goes=True)
    if status in WAIT_STATUS:
        words = " ".join(body[:200].decode("utf-8", "replace").split())
        return CheckSeen(goes=False, words=f"{status} {words}".strip())
    raise ServerError(f"it answers {status}: 2xx says go, {', '.join(map(str, WAIT_STATUS))} say wait")


def _prometheus(check: Check) -> CheckSeen:
    status, body = _fetch(check, f"{check.url.rstrip('/')}/api/v1/query?{urlencode({'query': check.query})}", "GET")
    try:
        answer = json.loads(body)
        if answer["status"] != "success":
            raise ServerError(f"Prometheus says: {answer.get('error', answer['status'])}")
        data = answer["data"]
        series = data["result"]
        if data["resultType"] == "scalar":
            values = [(float(series[1]), "")]
        else:
            values = [(float(one["value"][1]), _labels(one.get("metric", {}))) for one in series]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ServerError(f"it answers {status}, and not as Prometheus does") from error
    if not values:
        raise ServerError("Prometheus has no data for the query (an error rate without errors needs: or vector(0))")
    worst = max(values, key=lambda one: _badness(check, one[0]))
    return CheckSeen(value=worst[0], words=worst[1])


def _badness(check: Check, value: float) -> float:
    """How far a value is beyond the thresholds: the worst of several series counts, and NaN is the worst of all."""
    if math.isnan(value):
        return math.inf
    above = value - check.highest if check.highest is not None else -math.inf
    below = check.lowest - value if check.lowest is not None else -math.inf
    return max(above, below)


def _labels(metric: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(metric.items()) if name != "__name__")


def _fetch(check: Check, url: str, method: str) -> tuple[int, bytes]:
    headers = {"User-Agent": "migrasafe", "Accept": "application/json, text/plain, */*"}
    try:
        if check.token_file:
            token = Path(check.token_file).read_text(encoding="utf-8").strip()
            headers["Authorization"] = f"Bearer {token}"
        request = Request(url, method=method, headers=headers)
        with build_opener(_NoRedirect).open(request, timeout=check.timeout_seconds) as answer:
            return answer.status, answer.read(MOST_BYTES)
    except HTTPError as error:
        with error:
            return error.code, error.read(MOST_BYTES)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        host = urlsplit(url).hostname
        raise ServerError(f"{host} does not answer: {' '.join(str(reason).split())}") from error
