"""Puts together what a worker's batches need, from the job and from the server as it is now."""

from __future__ import annotations

from shlex import quote

from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.settings import run_settings
from migrasafe.backfill.job.shards import relation_of
from migrasafe.backfill.link import Link
from migrasafe.backfill.walk.batches import Place
from migrasafe.backfill.walk.table import columns_of
from migrasafe.backfill.walk.ways import Change
from migrasafe.errors import InputError


def place_of(link: Link, job: Job, rel: int, filenode: int, token: str) -> Place:
    """Where batches on one table run. Raises InputError when it is not the table any more that the job began with."""
    found = relation_of(link.session, rel)
    if found is None:
        raise InputError(
            f"backfill {job.name}: a table that it walks (oid {rel}) is gone: cancel it and begin another job"
        )
    relation, filenode_now = found
    if job.walk_kind == "blocks" and filenode_now != filenode:
        raise RewrittenError(
            f"{relation} was rewritten meanwhile (VACUUM FULL, CLUSTER or ALTER TABLE): its blocks are new"
        )
    _check_key(link, job, rel, relation)
    return Place(
        job=job,
        walk=job.walk(link.session.major),
        change=change_of(job),
        relation=relation,
        rel=rel,
        token=token,
        settings=run_settings(job.settings),
        log_end=link.log_end,
        leaves_out_dead=job.passes > 1,
    )


class RewrittenError(Exception):
    """The blocks of a table are others than when its walk began: that walk begins again."""


def change_of(job: Job) -> Change:
    """What a job does to each row."""
    facts = job.facts
    if facts.into is None:
        return Change(alias=facts.alias, set=job.spec.set or "", where=job.spec.where, delete=job.spec.delete)
    return Change(
        alias=facts.alias,
        set="",
        where=job.spec.where,
        into=facts.into,
        into_columns=facts.into_columns,
        values=facts.values,
    )


def _check_key(link: Link, job: Job, rel: int, relation: str) -> None:
    """Raise InputError where the key is not what the cursor was read as."""
    columns = columns_of(link.session, rel)
    for name, type_, collation in zip(job.key_columns, job.key_types, job.key_collations, strict=True):
        column = columns.get(name)
        if column is None:
            raise InputError(f"backfill {job.name}: {relation} has no column {name} any more, which its key needs")
        if column.type != type_:
            raise InputError(
                f"backfill {job.name}: {relation}.{name} has become {column.type} (was {type_}), so the place where the walk "
                "stopped may mean another row: cancel the job and begin another"
            )
        if column.collation != collation:
            raise InputError(
                f"backfill {job.name}: texts of {relation}.{name} are ordered by {column.collation} now, and by {collation} "
                "when the walk began, so rows may have moved across the place where it stopped: rebuild the index "
                f"(REINDEX), then begin again with `migrasafe backfill run {quote(job.name)} --restart`"
            )
