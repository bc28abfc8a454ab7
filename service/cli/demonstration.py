"""`orderflex demo`: the whole way on this machine, on real parts."""

import importlib.util
from typing import Annotated

import typer


def demo(
    orders: Annotated[int, typer.Option(min=1, max=5000, help="How many orders to place.")] = 22,
    seed: Annotated[int, typer.Option(help="Makes the same orders and faults again.")] = 7,
    stay: Annotated[
        bool, typer.Option("--stay", help="Leave everything running in the end, to look around.")
    ] = False,
) -> None:
    """Start a broker, a stand-in of PRO and the service, and carry orders the whole way."""
    if importlib.util.find_spec("jgo") is None or importlib.util.find_spec("demo") is None:
        typer.echo(
            "The demo's parts are not installed here (they are not in the image): "
            "run `make demo` in a checkout of the project.",
            err=True,
        )
        raise typer.Exit(1)
    from demo.story import tell

    raise typer.Exit(tell(orders=orders, seed=seed, stay=stay))
