"""Sentences about a verdict, for people."""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.app.verdict import Breakage, Deploy, Version, Weight


def why(deploy: Deploy, breakages: Sequence[Breakage], not_understood: Sequence[str]) -> str:
    """One sentence: what decides when this migration runs."""
    old = _first(breakages, Version.OLD, before=False)
    new = _first(breakages, Version.NEW, before=True)
    broken = _first(breakages, Version.NEW, before=False)
    if deploy is Deploy.SPLIT and broken is not None and broken.weight is Weight.FAILS:
        return f"The new version breaks after it ({broken.message}), whenever it runs."
    match deploy:
        case Deploy.EITHER:
            return "Neither version needs it, and it breaks neither."
        case Deploy.BEFORE if new is not None:
            return f"The new version {_needs(new)}; the old one does not mind it."
        case Deploy.AFTER if old is not None:
            return f"The old version {_breaks(old)}; the new one does not need it."
        case Deploy.SPLIT if old is not None and new is not None:
            return f"The old version {_breaks(old)}, and the new one {_needs(new)}."
    if not_understood:
        return f"What it does is not understood: {not_understood[0]}."
    said = [f"the old version {_breaks(old)}"] if old is not None else []
    said += [f"the new version {_needs(new)}"] if new is not None else []
    return f"{'; '.join(said)[:1].upper()}{'; '.join(said)[1:]}." if said else "Nothing is known of it."


def _first(breakages: Sequence[Breakage], version: Version, *, before: bool) -> Breakage | None:
    ours = [
        one for one in breakages if one.version is version and one.before is before and one.weight is not Weight.RISK
    ]
    return max(ours, key=lambda one: one.weight.rank, default=None)


def _breaks(one: Breakage) -> str:
    verb = "breaks" if one.weight is Weight.FAILS else "can break"
    return f"{verb} after it ({one.message})"


def _needs(one: Breakage) -> str:
    verb = "needs it" if one.weight is Weight.FAILS else "can need it"
    return f"{verb} ({one.message} before it)"
