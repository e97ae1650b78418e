"""Checks of a team's own over HTTP: what says go, what says wait, and what is no answer at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from migrasafe.backfill.throttle.ask_checks import ask_check
from migrasafe.backfill.throttle.checks import Check, CheckKind, CheckSeen
from migrasafe.errors import ServerError

ANSWERS = {
    "up": {"resultType": "vector", "result": [{"metric": {"__name__": "up", "pod": "a"}, "value": [0, "1"]}]},
    "errors": {
        "resultType": "vector",
        "result": [{"metric": {"pod": "a"}, "value": [0, "0.2"]}, {"metric": {"pod": "b"}, "value": [0, "7"]}],
    },
    "nan": {"resultType": "vector", "result": [{"metric": {}, "value": [0, "NaN"]}, {"metric": {}, "value": [0, "1"]}]},
    "scalar(3)": {"resultType": "scalar", "result": [0, "3"]},
    "nothing": {"resultType": "vector", "result": []},
}


class Endpoint(BaseHTTPRequestHandler):
    """Answers as its path says: /200, /503, /redirect; and /api/v1/query as Prometheus does."""

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/api/v1/query":
            [query] = parse_qs(path.query)["query"]
            if query in ANSWERS:
                self._answer(200, json.dumps({"status": "success", "data": ANSWERS[query]}))
            else:
                self._answer(400, json.dumps({"status": "error", "error": f"parse error in {query}"}))
        elif path.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/200")
            self.end_headers()
        elif path.path == "/token":
            self._answer(200 if self.headers["Authorization"] == "Bearer s3cret" else 401, "")
        else:
            self._answer(int(path.path[1:]), "too many replicas lag" if self.command == "GET" else "")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(url: str, kind: CheckKind = CheckKind.HTTP, **changes: str | float) -> CheckSeen:
    check = Check(name="x", kind=kind, every_seconds=1, timeout_seconds=5, url=url, **changes)  # type: ignore[arg-type]  # each test gives what its field takes
    return ask_check(check, None)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_success_says_go(url: str, method: str) -> None:
    assert ask(f"{url}/204", method=method) == CheckSeen(goes=True)


@pytest.mark.parametrize("status", [404, 417, 429, 500, 503])
def test_what_a_throttler_says_to_wait_says_wait(url: str, status: int) -> None:
    assert ask(f"{url}/{status}", method="GET") == CheckSeen(goes=False, words=f"{status} too many replicas lag")
    assert ask(f"{url}/{status}", method="HEAD") == CheckSeen(goes=False, words=f"{status}")


@pytest.mark.parametrize("path", ["401", "400", "redirect", "502"])
def test_any_other_answer_is_none(url: str, path: str) -> None:
    with pytest.raises(ServerError, match="2xx says go"):
        ask(f"{url}/{path}")


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(ServerError, match=r"127\.0\.0\.1 does not answer"):
        ask("http://127.0.0.1:9/check")


def test_a_token_is_sent_and_read_each_time(url: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    with pytest.raises(ServerError, match="it answers 401"):
        ask(f"{url}/token", token_file=str(token))
    token.write_text("s3cret\n")
    assert ask(f"{url}/token", token_file=str(token)).goes


def test_a_token_file_that_is_missing_is_no_answer(url: str, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="No such file"):
        ask(f"{url}/token", token_file=str(tmp_path / "missing"))


def prometheus(url: str, query: str, **changes: float) -> CheckSeen:
    return ask(url, CheckKind.PROMETHEUS, query=query, **({"highest": 5.0} | changes))


def test_prometheus_answers_with_a_number(url: str) -> None:
    assert prometheus(url, "up") == CheckSeen(value=1.0, words="pod=a")
    assert prometheus(url, "scalar(3)") == CheckSeen(value=3.0)
    assert prometheus(f"{url}/", "up").value == 1.0


def test_the_worst_of_several_series_counts(url: str) -> None:
    assert prometheus(url, "errors") == CheckSeen(value=7.0, words="pod=b")
    check = Check(
        name="x", kind=CheckKind.PROMETHEUS, every_seconds=1, timeout_seconds=5, url=url, query="errors", lowest=1.0
    )
    assert ask_check(check, None) == CheckSeen(value=0.2, words="pod=a")


def test_a_series_without_a_number_is_the_worst(url: str) -> None:
    value = prometheus(url, "nan").value
    assert value is not None and value != value


def test_no_data_is_no_answer(url: str) -> None:
    with pytest.raises(ServerError, match=r"no data for the query .*or vector\(0\)"):
        prometheus(url, "nothing")


def test_a_query_that_prometheus_refuses_is_no_answer(url: str) -> None:
    with pytest.raises(ServerError, match="Prometheus says: parse error in sum"):
        prometheus(url, "sum(")


def test_what_is_not_prometheus_is_no_answer(url: str) -> None:
    with pytest.raises(ServerError, match="not as Prometheus does"):
        prometheus(f"{url}/404?", "up")
