"""`migrasafe gate`: whether a phase of a plan may start."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from migrasafe.errors import InputError, did_you_mean


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("plan", type=click.Path())
@click.argument("phase")
@click.option("--dsn", envvar="MIGRASAFE_DSN", required=True, help="The server. [env: MIGRASAFE_DSN]")
@click.option("--confirm", multiple=True, metavar="GATE", help="Answer yes to what only a person can know.")
@click.option("--no-record", is_flag=True, help="Do not keep the answers in migrasafe.plan_gate.")
def gate(plan: str, phase: str, *, dsn: str, confirm: tuple[str, ...], no_record: bool) -> int:
    """Say whether PHASE of the plan in folder PLAN may start: 0 it may, 1 it may not, and why.

    \b
    Example:
      migrasafe gate plans/rename_users_name contract --dsn postgresql:///shop --confirm old-version-gone
    """
    from migrasafe.cli.plan_session import plan_of, record, refuse_another_schema, session
    from migrasafe.plan.gates import before_for_good
    from migrasafe.plan.standing import answers, open_before

    planned = plan_of(Path(plan))
    wanted = next((one for one in planned.phases if one.name.value == phase), None)
    if wanted is None:
        known = [one.name.value for one in planned.phases]
        raise InputError(f"the plan has no phase {phase}; {did_you_mean(phase, known, 'it has ' + ', '.join(known))}")
    last = tuple(before_for_good(wanted)) if "for-good" in confirm else ()
    wanted = replace(wanted, gates=(*wanted.gates, *last))
    ids = [one.id for one in wanted.gates]
    for name in confirm:
        if name not in ids:
            raise InputError(f"--confirm {name}: the phase {phase} asks {', '.join(ids) or 'nothing'}")
    with session(dsn) as (connection, ask):
        refuse_another_schema(planned, connection)
        missing = open_before(planned, wanted.name, ask)
        given = answers(wanted, ask, frozenset(confirm)) if not missing else ()
        if not no_record:
            record(connection, planned, phase, given)
    for step in missing:
        click.echo(f"no   {step.id} is not done yet: {step.title}")
    for one in given:
        click.echo(
            f"{'yes' if one.holds else 'no '}  {one.gate.question}" + ("" if one.answer is None else f" [{one.answer}]")
        )
        if not one.holds and one.answer is None:
            click.echo(f"     Nobody but you can tell: say so with --confirm {one.gate.id}. {one.gate.otherwise}")
        elif not one.holds:
            click.echo(f"     It has to be {one.gate.expected}. {one.gate.otherwise}")
    may = not missing and all(one.holds for one in given)
    click.echo(f"{phase} {'may' if may else 'must not'} start")
    return 0 if may else 1
