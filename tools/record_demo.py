"""Records the demo from real runs: docs/demo.cast (asciicast 2, for asciinema) and docs/demo.svg (its last screens).

python tools/record_demo.py --write     writes them
python tools/record_demo.py --check     exits with 1 if they are not what the commands print today

Times in the recording are made up, so that it is the same wherever it is made; what is printed is not.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CAST, PICTURE = ROOT / "docs" / "demo.cast", ROOT / "docs" / "demo.svg"
COMMANDS = (
    "migrasafe lint fixtures/demo/migrations/0003_require_totals.sql --select set-not-null-by-full-scan --no-config",
    "migrasafe compat fixtures/compat/queries/migrations --old fixtures/compat/queries/old.sql"
    " --new fixtures/compat/queries/new.sql --from 0003",
    "migrasafe lint fixtures/demo/migrations/0002_link_orders_to_customers.sql --no-config --diff",
)
_COLUMNS, _ROWS = 100, 32
_KEY, _LINE, _PAUSE = 0.03, 0.04, 3.0
_PROMPT = "\x1b[1;32m$\x1b[0m "
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_COLOURS = {"31": "bad", "33": "warn", "32": "good", "34": "note", "36": "note", "1": "strong", "2": "dim"}
_WIDTH, _HEIGHT = 8.4, 18


def main() -> int:
    parser = argparse.ArgumentParser(description="Record the demo, or check that it is up to date.")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--write", action="store_true", help="write the recording")
    chosen.add_argument("--check", action="store_true", help="exit with 1 if it is not what the commands print")
    options = parser.parse_args()
    runs = [(command, output_of(command)) for command in COMMANDS]
    made = {CAST: cast(runs), PICTURE: picture(runs[0])}
    old = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in old:
        if options.write:
            path.write_text(made[path], encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {'written' if options.write else 'is not up to date'}")
    return 1 if old and options.check else 0


def output_of(command: str) -> str:
    """What a command prints on a terminal with colours."""
    _, *arguments = shlex.split(command)
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "COLUMNS")}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    program = [sys.executable, "-m", "migrasafe", *arguments]
    with subprocess.Popen(
        program, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.STDOUT,
        env={**environment, "TERM": "xterm-256color"},
    ) as running:  # fmt: skip
        os.close(theirs)
        read = bytearray()
        while chunk := _read(ours):
            read += chunk
    os.close(ours)
    text = read.decode().replace("\r\n", "\n")
    if running.returncode not in (0, 1):
        raise SystemExit(f"{command}: exit status {running.returncode}: {text}")
    return text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux says that the other end is closed
        return b""


def cast(runs: Sequence[tuple[str, str]]) -> str:
    """The recording. https://docs.asciinema.org/manual/asciicast/v2/"""
    head = {"version": 2, "width": _COLUMNS, "height": _ROWS, "title": "migrasafe"}
    events = ([round(at, 3), "o", text] for at, text in _events(runs))
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (head, *events))


def _events(runs: Sequence[tuple[str, str]]) -> Iterator[tuple[float, str]]:
    at = 0.5
    for command, output in runs:
        yield at, _PROMPT
        for letter in command:
            at += _KEY
            yield at, letter
        at += 0.4
        yield at, "\r\n"
        for line in output.splitlines():
            at += _LINE
            yield at, f"{line}\r\n"
        at += _PAUSE


def picture(run: tuple[str, str]) -> str:
    """One run as an SVG, in the reader's own light or dark."""
    command, output = run
    lines = [f"{_PROMPT}{command}", *output.splitlines()]
    width = round(max(len(_ESCAPE.sub("", line)) for line in lines) * _WIDTH) + 32
    height = len(lines) * _HEIGHT + 32
    rows = "\n".join(
        f'<text x="16" y="{26 + number * _HEIGHT}" xml:space="preserve">{_spans(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' aria-label="migrasafe lint in a terminal: an error, who waits, and the statements to run instead">\n'
        "<style>rect{fill:#f6f8fa}text{font:13.9px ui-monospace,Menlo,Consolas,monospace;fill:#1b2330}"
        ".bad{fill:#b3261e}.warn{fill:#8a5100}.good{fill:#186a3b}.note{fill:#1f4f8f}.strong{font-weight:bold}.dim{fill:#57606a}"
        "@media(prefers-color-scheme:dark){rect{fill:#14181f}text{fill:#e6e9ee}.bad{fill:#ff8a80}.warn{fill:#ffb454}"
        ".good{fill:#7ee2a8}.note{fill:#8ab8ff}.dim{fill:#9aa4b2}}</style>\n"
        f'<rect width="100%" height="100%" rx="8"/>\n{rows}\n</svg>\n'
    )


def _spans(line: str) -> str:
    """Colours as classes; what is outside of any stands as it is."""
    parts = _ESCAPE.split(line)
    said = escape(parts[0], quote=False)
    for codes, text in zip(parts[1::2], parts[2::2], strict=True):
        names = " ".join(_COLOURS[code] for code in codes.split(";") if code in _COLOURS)
        inner = escape(text, quote=False)
        said += f'<tspan class="{names}">{inner}</tspan>' if names and inner else inner
    return said


if __name__ == "__main__":
    sys.exit(main())
