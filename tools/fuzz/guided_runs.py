"""Starts tools/fuzz/guided.py for one reader, again where the interpreter did not survive, and sums up what it did."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tools.fuzz.campaign import Counts, Findings
from tools.fuzz.guided import Progress
from tools.fuzz.not_there import NotThereError
from tools.fuzz.readers import seeds_of

_HANG_SECONDS = 20
"""For one text of 16 kB, whose way is watched."""
_MOST_MEGABYTES = 2048
_LONGEST = 16_384
_EDGES = re.compile(r"\bcov: (\d+)")
_ENDED = re.compile(r"(?m)^SUMMARY: (.*)|ERROR: libFuzzer: (.*)")


def fuzz_reader(name: str, seconds: int, seed: int, findings: Findings) -> tuple[Counts, int]:
    """What was done, and how many edges of migrasafe's code were reached. Raises NotThereError without atheris."""
    if find_spec("atheris") is None:
        raise NotThereError("atheris is not installed, which sees the coverage: pip install atheris")
    counts, edges = Counts(), 0
    until = time.monotonic() + seconds
    with TemporaryDirectory(prefix="migrasafe-fuzz-") as place:
        corpus = Path(place, "corpus")
        corpus.mkdir()
        for number, text in enumerate(seeds_of(name)):
            (corpus / f"seed{number}").write_bytes(text.encode())
        while (left := round(until - time.monotonic())) > 0:
            told = Path(place, "counts.json")
            said = _one_process(name, left, seed + counts.texts, told, corpus, findings)
            progress = msgspec.json.decode(told.read_bytes(), type=Progress) if told.exists() else None
            if progress is None:
                raise RuntimeError(f"{name}: nothing was run: {said[-2000:]}")
            told.unlink()
            counts.texts += progress.counts.texts
            counts.failures += progress.counts.failures
            for kind, times in progress.classes.items():
                findings.classes[kind] = findings.classes.get(kind, 0) + times
            edges = max([edges, *map(int, _EDGES.findall(said))])
            ended = _ENDED.search(said)
            if ended is not None:
                kind = f"{name}: {(ended[1] or ended[2]).split('(')[0].strip()}"
                findings.classes[kind] = findings.classes.get(kind, 0) + 1
                counts.failures += 1
        if findings.folder is not None and told.with_suffix(".found").exists():
            for file in told.with_suffix(".found").iterdir():
                findings.folder.mkdir(parents=True, exist_ok=True)
                (findings.folder / f"{name}-{file.name}").write_bytes(file.read_bytes())
    return counts, edges


def _one_process(name: str, seconds: int, seed: int, told: Path, corpus: Path, findings: Findings) -> str:
    limits = [f"-max_total_time={seconds}", f"-timeout={_HANG_SECONDS}", f"-rss_limit_mb={_MOST_MEGABYTES}"]
    limits += [f"-max_len={_LONGEST}", f"-seed={seed}", "-len_control=0"]
    if findings.folder is not None:
        findings.folder.mkdir(parents=True, exist_ok=True)
        limits.append(f"-artifact_prefix={findings.folder}/{name}-")
    command = [sys.executable, "-m", "tools.fuzz.guided", name, str(told), str(corpus), *limits]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return done.stderr
