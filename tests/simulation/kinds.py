"""Every kind of trouble that a long run must have made at least once."""

from .scenario import MOMENTS, PRO_FAULTS, WINDOWS
from .turns_of_mind import OF_MINDS

FOLLOW = frozenset(
    {
        "acknowledgement lost",
        "commit not heard of",
        "discard",
        "fenced commit",
        "ledger down",
        "partitions lost",
        "pro: connect refused",
        "pro: key refused",
        "publication lost",
        "publication slow",
        "replay",
    }
)
"""What befalls single calls, publications and partitions."""
EVERY_KIND = (
    frozenset(WINDOWS)
    | frozenset(kind for kind in MOMENTS if kind != "operator")
    | frozenset(f"pro: {kind}" for kind in PRO_FAULTS)
    | FOLLOW
    | OF_MINDS
)
