"""What the runbook says of a tool, phase by phase."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.plan.model import Phase
from migrasafe.plan.output.model import Command, Output


def commands_of(phase: Phase, output: Output) -> list[Command]:
    """How the phase is run with a tool: what can be undone first."""
    name = phase.name.value.replace("-", "_")
    found = [output.commands[name]] if name in output.commands else []
    for_good = output.commands.get(f"{name}_for_good")
    return found if for_good is None else [*found, replace(for_good, back=None)]
