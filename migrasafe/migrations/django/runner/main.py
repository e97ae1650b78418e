"""Setup in, the migrations out."""

from __future__ import annotations

import gc
import sys
import warnings
from typing import BinaryIO

import msgspec

from migrasafe.migrations.alembic.runner import guard
from migrasafe.migrations.django.protocol import Message, Ready, Setup, Used


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers one Setup, a JSON value per line."""
    encoder = msgspec.json.Encoder()

    def emit(message: Message) -> None:
        answers.write(encoder.encode(message) + b"\n")
        answers.flush()

    setup = msgspec.json.decode(requests.read(), type=Setup)
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = True
    gc.set_threshold(200_000, 20, 20)  # states of many models are made and thrown away: a fifth of the time
    guard.set_limits()
    sys.path.extend(setup.site_packages)
    try:
        from migrasafe.migrations.django.runner.configure import configure

        configure(setup)
        guard.forbid_side_effects()
    except Exception as error:
        emit(Ready(failure=f"{type(error).__name__}: {error}".strip().split("\n", 1)[0]))
        return
    emit(Ready())
    import django

    from migrasafe.migrations.django.runner import graph, imports, opened, run

    opened.note()

    imports.install(setup.import_roots)
    run.note_lines()
    found, said = graph.load(setup)
    for one in said:
        emit(one)
    known = setup.known if setup.known_by == django.__version__ else ()
    order, same = graph.in_order(found, known)
    for migration in run.run(order, found, known[:same]):
        emit(migration)
    emit(Used(django=django.__version__, files=opened.all_read()))
