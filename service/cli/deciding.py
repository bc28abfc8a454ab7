"""Who decides, and why: asked for alike by every command that does something for a person."""

import getpass
from typing import Annotated

import typer

from service.ledger.dead_letters import Decision

By = Annotated[
    str | None, typer.Option("--by", help="Who decides; the name of your account unless given.")
]
Because = Annotated[str, typer.Option("--because", help="Why; kept in the history.")]
NO_REASON = "no reason given"


def decision(by: str | None, because: str) -> Decision:
    """Give a decision. Raises typer.BadParameter where the reason is blank."""
    if not because.strip():
        raise typer.BadParameter("say why, for those who ask later", param_hint="--because")
    return Decision(by or _account(), because)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
