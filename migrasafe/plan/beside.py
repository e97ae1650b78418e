"""What a plan calls the things that it makes beside the user's own, ready to take their place, and the things that it puts
aside for the way back. People find both in their database until the last phase is done."""

from __future__ import annotations

from migrasafe.schema.definitions import with_suffix
from migrasafe.schema.model import Ref

_BESIDE = "__ms"
_ASIDE = "__ms_dropped"


def name_beside(name: str, what: str = "") -> str:
    """What is to be called `name` once it has taken the place of the other; `what` tells several apart."""
    return with_suffix(name, f"{_BESIDE}_{what}" if what else _BESIDE)


def ref_beside(ref: Ref, what: str = "") -> Ref:
    return Ref(ref.schema, name_beside(ref.name, what))


def name_aside(name: str) -> str:
    """What was called `name`, and is kept until the plan's end."""
    return with_suffix(name, _ASIDE)


def ref_aside(ref: Ref) -> Ref:
    return Ref(ref.schema, name_aside(ref.name))


def is_aside(name: str) -> bool:
    return name.endswith(_ASIDE)
