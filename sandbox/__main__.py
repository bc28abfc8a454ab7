"""`python -m sandbox`: the sandbox as a process of its own."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.options import DEFAULT_KEY, SandboxOptions
from sandbox.server import running
from sandbox.state_file import StateFileError


def _parser() -> argparse.ArgumentParser:
    defaults = SandboxOptions()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--key", action="append", help=f"a valid key; may be repeated (default {DEFAULT_KEY})"
    )
    for name, value, told in (
        ("manifest", defaults.manifest_seconds, "how long a consignment stays Manifesting"),
        ("allocation", defaults.allocation_seconds, "above 0: allocate answers 202 first"),
        ("search-lag", defaults.search_lag_seconds, "new consignments are missing that long"),
        ("latency", defaults.latency_seconds, "wait of every answer"),
    ):
        parser.add_argument(
            f"--{name}-seconds", type=float, default=value, help=f"{told} (default {value:g})"
        )
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of faults by chance")
    parser.add_argument(
        "--first-reference",
        type=int,
        default=defaults.first_reference,
        help="where references start to count; another one for a restarted sandbox",
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=os.environ.get("SANDBOX_STATE") or None,
        help="a file that keeps what it holds over a restart (default SANDBOX_STATE, else none)",
    )
    parser.add_argument(
        "--lenient-cancel", action="store_true", help="cancel also where PRO's pages disagree"
    )
    return parser


def _options(arguments: argparse.Namespace) -> SandboxOptions:
    return SandboxOptions(
        keys=tuple(arguments.key or (DEFAULT_KEY,)),
        manifest_seconds=arguments.manifest_seconds,
        allocation_seconds=arguments.allocation_seconds,
        search_lag_seconds=arguments.search_lag_seconds,
        latency_seconds=arguments.latency_seconds,
        seed=arguments.seed,
        first_reference=arguments.first_reference,
        state_file=arguments.state,
        lenient_cancel=arguments.lenient_cancel,
    )


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(_options(arguments), host=arguments.host, port=arguments.port) as sandbox:
        sys.stdout.write(f"PRO sandbox listening on {sandbox.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until SIGTERM or SIGINT."""
    parsed = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(parsed))
    except StateFileError as error:
        sys.exit(f"{parsed.state}: {error}")


if __name__ == "__main__":
    main()
