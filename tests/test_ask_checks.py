"""Checks of a team's own over HTTP: what says go, what says wait, and what is no answer at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

import pytest

from migrasafe.backfill.throttle.ask_checks import MOST_BYTES, ask_check
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
    "unlabelled": {"resultType": "vector", "result": [{"value": [0, "2"]}]},
}
NOT_AS_PROMETHEUS = {
    "no text": "",
    "a list": "[]",
    "no status": "{}",
    "no data": '{"status": "success"}',
    "no result": '{"status": "success", "data": {"resultType": "vector"}}',
    "an empty scalar": '{"status": "success", "data": {"resultType": "scalar", "result": [0]}}',
    "no number": '{"status": "success", "data": {"resultType": "scalar", "result": [0, "many"]}}',
    "a range": '{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[0, "1"]]}]}}',
    "no labels": '{"status": "success", "data": {"resultType": "vector", "result": [{"metric": 5, "value": [0, "1"]}]}}',
}
AT_MOST = '{"status": "success", "data": {"resultType": "scalar", "result": [0, "3"]}}'.rjust(MOST_BYTES)
LIES = {**NOT_AS_PROMETHEUS, "at most": AT_MOST, "too much": f" {AT_MOST}", "no reason": '{"status": "error"}'}


class Endpoint(BaseHTTPRequestHandler):
    """Answers as its path says: /200, /503/words, /redirect, /never, /who; and /api/v1/query as Prometheus does."""

    ends = threading.Event()
    """Until then, /never does not answer."""

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/api/v1/query":
            [query] = parse_qs(path.query)["query"]
            if query in LIES:
                self._answer(200, LIES[query])
            elif query == "who asks":
                self._answer(200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": [
                    {"metric": {"asks": self._who()}, "value": [0, "1"]}]}}))  # fmt: skip
            elif query in ANSWERS:
                self._answer(200, json.dumps({"status": "success", "data": ANSWERS[query]}))
            else:
                self._answer(400, json.dumps({"status": "error", "error": f"parse error in {query}"}))
        elif path.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/200")
            self.end_headers()
        elif path.path == "/token":
            self._answer(200 if self.headers["Authorization"] == "Bearer s3cret" else 401, "")
        elif path.path == "/who":
            self._answer(503, self._who())
        elif path.path == "/never":
            self.ends.wait(20)
        else:
            _, status, *words = path.path.split("/")
            said = unquote_to_bytes(words[0]) if words else b"too many replicas lag"
            self._answer(int(status), said if self.command == "GET" else b"")

    def _who(self) -> str:
        return " ".join([self.command, self.headers["User-Agent"], self.headers["Accept"]])

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, status: int, body: str | bytes) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    Endpoint.ends.set()
    server.shutdown()
    server.server_close()


def ask(url: str, kind: CheckKind = CheckKind.HTTP, **changes: str | float) -> CheckSeen:
    usual = {"name": "x", "kind": kind, "every_seconds": 1, "timeout_seconds": 5, "url": url}
    return ask_check(Check(**(usual | changes)), None)  # type: ignore[arg-type]  # each test gives what its field takes


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("status", [200, 204, 299])
def test_success_says_go(url: str, method: str, status: int) -> None:
    assert ask(f"{url}/{status}", method=method) == CheckSeen(goes=True)


@pytest.mark.parametrize("status", [404, 417, 429, 500, 503])
def test_what_a_throttler_says_to_wait_says_wait(url: str, status: int) -> None:
    assert ask(f"{url}/{status}", method="GET") == CheckSeen(goes=False, words=f"{status} too many replicas lag")
    assert ask(f"{url}/{status}", method="HEAD") == CheckSeen(goes=False, words=f"{status}")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("deploy%0a%20%20until%20noon", "503 deploy until noon"),
        ("x" * 201, "503 " + "x" * 200),
        ("%ff%20wait", "503 \N{REPLACEMENT CHARACTER} wait"),
        ("%20", "503"),
    ],
)
def test_the_words_of_a_throttler_are_one_short_line(url: str, said: str, words: str) -> None:
    assert ask(f"{url}/503/{said}", method="GET") == CheckSeen(goes=False, words=words)


def test_a_check_says_who_asks_and_what_it_reads(url: str) -> None:
    asks = "GET migrasafe application/json, text/plain, */*"
    assert ask(f"{url}/who", method="GET").words == f"503 {asks}"
    assert prometheus(url, "who asks").words == f"asks={asks}"


@pytest.mark.parametrize(
    ("path", "status"), [("401", 401), ("400", 400), ("redirect", 302), ("502", 502), ("300", 300)]
)
def test_any_other_answer_is_none(url: str, path: str, status: int) -> None:
    with pytest.raises(ServerError) as refused:
        ask(f"{url}/{path}")
    assert str(refused.value) == f"it answers {status}: 2xx says go, 404, 417, 429, 500, 503 say wait"


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(ServerError) as refused:
        ask("http://127.0.0.1:9/check")
    assert str(refused.value) == "127.0.0.1 does not answer: [Errno 111] Connection refused"


def test_who_does_not_answer_in_time_gives_no_answer(url: str) -> None:
    with pytest.raises(ServerError) as refused:
        ask(f"{url}/never", timeout_seconds=0.1)
    assert str(refused.value) == "127.0.0.1 does not answer: timed out"


def test_a_query_without_a_connection_is_not_asked() -> None:
    with pytest.raises(ServerError) as refused:
        ask("", CheckKind.SQL, query="SELECT true")
    assert str(refused.value) == "there is no connection to ask it on"


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


def prometheus(url: str, query: str, **limits: float) -> CheckSeen:
    return ask(url, CheckKind.PROMETHEUS, query=query, **(limits or {"highest": 5.0}))


def test_prometheus_answers_with_a_number(url: str) -> None:
    assert prometheus(url, "up") == CheckSeen(value=1.0, words="pod=a")
    assert prometheus(url, "scalar(3)") == CheckSeen(value=3.0)
    assert prometheus(f"{url}/", "up").value == 1.0
    assert prometheus(url, "unlabelled") == CheckSeen(value=2.0)
    assert prometheus(url, "at most").value == 3.0


@pytest.mark.parametrize(
    ("limits", "worst"),
    [
        ({"highest": 5.0}, CheckSeen(value=7.0, words="pod=b")),
        ({"lowest": 1.0}, CheckSeen(value=0.2, words="pod=a")),
        ({"lowest": 6.0, "highest": 6.5}, CheckSeen(value=0.2, words="pod=a")),
        ({"lowest": 0.0, "highest": 0.1}, CheckSeen(value=7.0, words="pod=b")),
    ],
)
def test_the_worst_of_several_series_counts(url: str, limits: dict[str, float], worst: CheckSeen) -> None:
    assert prometheus(url, "errors", **limits) == worst


def test_a_series_without_a_number_is_the_worst(url: str) -> None:
    value = prometheus(url, "nan").value
    assert value is not None and value != value


def test_no_data_is_no_answer(url: str) -> None:
    with pytest.raises(ServerError, match=r"no data for the query .*or vector\(0\)"):
        prometheus(url, "nothing")


def test_a_query_that_prometheus_refuses_is_no_answer(url: str) -> None:
    with pytest.raises(ServerError, match="Prometheus says: parse error in sum"):
        prometheus(url, "sum(")


@pytest.mark.parametrize("query", [*NOT_AS_PROMETHEUS, "too much"])
def test_what_is_not_as_prometheus_answers_is_no_answer(url: str, query: str) -> None:
    with pytest.raises(ServerError) as refused:
        prometheus(url, query)
    assert str(refused.value) == "it answers 200, and not as Prometheus does"


def test_what_is_not_prometheus_is_no_answer(url: str) -> None:
    with pytest.raises(ServerError, match="it answers 404, and not as Prometheus does"):
        prometheus(f"{url}/404?", "up")


def test_a_refusal_without_a_reason_is_told_by_its_status(url: str) -> None:
    with pytest.raises(ServerError, match=r"^Prometheus says: error$"):
        prometheus(url, "no reason")
