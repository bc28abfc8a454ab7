"""`python -m bench`: see `--help`."""

import argparse

from bench.look import look


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    quick = commands.add_parser("look", help="one quick look at the whole service, for tuning")
    quick.add_argument("--ledger", choices=["postgresql", "sqlite"], default="postgresql")
    quick.add_argument("--latency", type=float, default=0.1, help="of PRO, seconds")
    quick.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    quick.add_argument("--replicas", type=int, default=1)
    wanted = parser.parse_args()
    look(wanted.ledger, wanted.latency, wanted.seconds, wanted.replicas)


main()
