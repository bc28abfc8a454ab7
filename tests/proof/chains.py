"""consignment.created, .allocated, .labelled, .manifested: in this order, for each allocation."""

from collections.abc import Iterator
from itertools import pairwise

from tests.proof.facts import Account
from tests.proof.outcomes import BEGINS_ANEW, CHAIN
from tests.proof.subjects import FIRST, step_of

CANCELLED = "consignment.cancelled"
When = dict[str, tuple[int, int]]
"""By type: the number of an outcome within its order, and where it was heard first."""


def _chains(account: Account) -> Iterator[str]:
    """Consignments that were spoken of in the wrong order."""
    for (reference, allocation), found in _steps(account).items():
        begin = CHAIN[0] if allocation == FIRST else BEGINS_ANEW
        name = reference if allocation == FIRST else f"{reference} (allocation {allocation})"
        for before, after in pairwise((begin, *CHAIN[1:])):
            if after in found and before not in found:
                yield f"out of turn: {name} was {after}, never {before}"
            elif after in found:
                yield from _in_turn(account, name, found, before, after)


def _anew(account: Account) -> Iterator[str]:
    """What is said of an allocation after the next one began: it was void by then."""
    steps = _steps(account)
    for (reference, allocation), found in steps.items():
        begun = steps.get((reference, allocation + 1), {}).get(BEGINS_ANEW)
        for kind in (*CHAIN, BEGINS_ANEW):
            if begun is not None and kind in found and found[kind] > begun:
                yield f"out of turn: {kind} of {reference} was said of a void allocation"


def _cancelled(account: Account) -> Iterator[str]:
    """What is said of a consignment after it was cancelled, or before it was there."""
    steps = _steps(account)
    gone = {
        reference: found[CANCELLED] for (reference, _), found in steps.items() if CANCELLED in found
    }
    for reference, when in gone.items():
        created = steps.get((reference, FIRST), {}).get(CHAIN[0])
        if created is None or created > when:
            yield f"out of turn: {reference} was cancelled before it was created"
    for (reference, _), found in steps.items():
        for kind, when in found.items():
            if reference in gone and kind != CANCELLED and when > gone[reference]:
                yield f"out of turn: {kind} of {reference} was said after its cancellation"


def _steps(account: Account) -> dict[tuple[str, int], When]:
    """Give what was said of each allocation of each consignment, and when first."""
    steps: dict[tuple[str, int], When] = {}
    for place, heard in enumerate(account.heard):
        if heard.type in (*CHAIN, BEGINS_ANEW, CANCELLED):
            when = (int(heard.data["sequence"]), place)
            steps.setdefault(step_of(heard), {}).setdefault(heard.type, when)
    return steps


def _in_turn(account: Account, name: str, found: When, before: str, after: str) -> Iterator[str]:
    (number, place), (later_number, later_place) = found[before], found[after]
    if later_number < number:
        yield f"out of turn: {name} numbers {after} before {before}"
    elif account.hearing_is_ordered and later_place < place:
        yield f"out of turn: {name} was heard {after} before {before}"


CHAINS = (_chains, _anew, _cancelled)
