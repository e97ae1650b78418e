"""What the runbook says of a tool, phase by phase."""

from __future__ import annotations

from migrasafe.plan.model import Phase
from migrasafe.plan.output.model import Command, Output


def commands_of(phase: Phase, output: Output) -> list[Command]:
    """How the phase is run with a tool: what can be undone first."""
    name = phase.name.value.replace("-", "_")
    return [output.commands[piece] for piece in (name, f"{name}_for_good") if piece in output.commands]
