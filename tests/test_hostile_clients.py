"""A client of the language server that sends what it must not, or answers nothing: a line says so, and it ends with its input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def message(**said: object) -> bytes:
    text = json.dumps({"jsonrpc": "2.0", **said}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(text), text)


SHOWS = {"window": {"showDocument": {"support": True}}}
HELLO = message(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": SHOWS})
READY = HELLO + message(method="initialized", params={})


def plan(*words: str) -> bytes:
    arguments = {"command": "migrasafe.plan", "arguments": list(words)}
    return READY + message(id=2, method="workspace/executeCommand", params=arguments)


def served(folder: Path, sent: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "migrasafe", "lsp"]
    ran = subprocess.run(command, input=sent, cwd=folder, capture_output=True, timeout=120, check=False)
    assert b"Traceback" not in ran.stderr and b"bug in" not in ran.stderr, ran.stderr
    return ran


ENDS = {
    "garbage": (b"hello\n\0\xff" * 50, b""),
    "half a message": (b'Content-Length: 1000\r\n\r\n{"json', b"Unterminated string"),
    "no JSON": (b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc" + HELLO, b"Unable to handle message"),
    "no object": (b"Content-Length: 4\r\n\r\nnull", b"Unable to handle message"),
    "too deep": (b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000, b"Unable to handle message"),
    "no plan": (plan("rm -rf /"), b""),
    "half a word": (plan("migrasafe plan 'x"), b""),
    "half an option": (plan("migrasafe plan --before"), b""),
    "no words": (plan(), b""),
    "a goodbye": (READY + message(id=9, method="shutdown") + message(method="exit"), b""),
}


@pytest.mark.parametrize("name", ENDS)
def test_it_ends_with_its_input_and_says_what_was_wrong(name: str, tmp_path: Path) -> None:
    sent, said = ENDS[name]
    ran = served(tmp_path, sent)
    assert ran.returncode == 0, ran.stderr
    assert said in ran.stderr
    assert max(map(len, ran.stderr.split(b"\n"))) < 1_100


@pytest.mark.parametrize("digits", [14, 50, 5_000])
def test_a_message_that_is_too_large_is_refused(digits: int, tmp_path: Path) -> None:
    ran = served(tmp_path, b"Content-Length: " + b"9" * digits + b"\r\n\r\n{}")
    assert ran.returncode == 2
    assert b"migrasafe: the editor announces a message of 9" in ran.stderr


def test_an_editor_that_never_says_whether_it_shows_the_runbook_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY, name text);\n")
    command = [sys.executable, "-m", "migrasafe", "lsp"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdin is not None and server.stdout is not None and server.stderr is not None
        server.stdin.write(plan("migrasafe plan rename users.name full_name --schema 1.sql"))
        server.stdin.flush()
        heard = b""
        while b"window/showDocument" not in heard:
            piece = server.stdout.read1(65_536)
            assert piece, server.stderr.read()
            heard += piece
        server.stdin.close()
        assert server.wait(60) == 0
        assert b"Traceback" not in server.stderr.read()
