"""Who decides, and why: asked for alike by every command that does something for a person."""

import getpass
from typing import Annotated

import typer

from service.ledger.dead_letters import Decision

By = Annotated[
    str | None,
    typer.Option(
        "--by",
        help="Who decides. The name of your account unless given; in a pod there is none: give it.",
    ),
]
Because = Annotated[str, typer.Option("--because", help="Why; kept in the history.")]
NO_REASON = "no reason given"


def decision(by: str | None, because: str) -> Decision:
    """Give a decision. Raises typer.BadParameter where the reason is blank, or nobody decides."""
    if not because.strip():
        raise typer.BadParameter("say why, for those who ask later", param_hint="--because")
    who = _account() if by is None else by
    if not who.strip():
        raise typer.BadParameter(
            "who decides is kept in the history, and this account has no name (in a pod none has): "
            "add --by YOUR_NAME",
            param_hint="--by",
        )
    return Decision(who, because)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
