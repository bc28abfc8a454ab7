"""What is called off stays so, and nothing is allocated where it does not lie."""

from collections.abc import Hashable, Iterable, Iterator

from tests.proof.facts import Account, Data, Heard
from tests.proof.outcomes import CANCELLATIONS, GOES_ON, WITHDRAWALS
from tests.proof.subjects import order_of, subject_of

GONE = "Cancelled"


def _cancelled_orders(account: Account) -> Iterator[str]:
    """What is alive of an order whose cancellation was answered, and was not told as too late."""
    announced = {h.data["consignment_reference"] for h in account.heard if _is_created(h)}
    for order, answers in _answers(account, CANCELLATIONS).items():
        late = _named(answers)
        for made in account.consignments:
            # An inbound stray is nobody's parcel: people look at it.
            counts = made.direction == "Outbound" or made.reference in announced
            is_alive = made.state != GONE and made.reference not in late
            if made.order_reference == order and counts and is_alive:
                yield f"alive: {made.reference} of {order}, which is cancelled, is {made.state}"


def _goes_on(account: Account) -> Iterator[str]:
    """What was done of an order after its cancellation was answered."""
    answered = {
        order: min(int(answer.data["sequence"]) for answer in answers)
        for order, answers in _answers(account, CANCELLATIONS).items()
    }
    for heard in account.heard:
        order = order_of(heard.data)
        if heard.type in GOES_ON and int(heard.data["sequence"]) > answered.get(order, 2**62):
            what = heard.data.get("consignment_reference", "")
            yield f"goes on: {heard.type} {what} of {order} after its cancellation was answered"


def _withdrawn_picks(account: Account) -> Iterator[str]:
    """What is alive of a pick whose withdrawal was answered, and was not told as too late."""
    ours = {made.reference: made.customer_reference for made in account.consignments}
    created = [heard for heard in account.heard if _is_created(heard)]
    for pick, answers in _answers(account, WITHDRAWALS).items():
        late, last = _named(answers), max(int(answer.data["sequence"]) for answer in answers)
        # One that was rejected may be picked anew later, and that was not withdrawn.
        names = {
            ours.get(heard.data["consignment_reference"])
            for heard in created
            if subject_of(heard.type, heard.data) == pick and int(heard.data["sequence"]) < last
        }
        for made in account.consignments:
            is_its = made.customer_reference in names and made.is_live_outbound
            if is_its and made.reference not in late:
                yield f"alive: {made.reference} of {pick}, which is withdrawn, is {made.state}"


def _fits_no_more(account: Account) -> Iterator[str]:
    """Picks of what is left that were rejected, as if what was withdrawn were still taken."""
    for heard in account.heard:
        if heard.type == "pick.rejected":
            pick = (heard.data["order_reference"], heard.data["pick_reference"])
            if pick in account.must_fit:
                why = heard.data["rejection"]["message"]
                yield f"still taken: {pick} takes what is left, and was rejected: {why}"


def _wrong_origins(account: Account) -> Iterator[str]:
    """Allocations of what PRO had at another location than it lay at."""
    said = {(s.type, subject_of(s.type, s.data), _place(s.data)) for s in account.said if s.data}
    origins = {order: place for kind, order, place in said if kind == "order.placed"}
    announced = {h.data["consignment_reference"]: h.data for h in account.heard if _is_created(h)}
    for asked in account.allocated_from:
        data = announced.get(asked.reference)
        if data is None:
            continue  # told by another promise
        pick = subject_of("stock.picked", data)
        told = data.get("shipping_location_reference")
        if asked.location != told:
            yield f"wrong origin: {asked.reference} was allocated at {asked.location}, not {told}"
        elsewhere = {p for kind, subject, p in said if (kind, subject) == ("stock.picked", pick)}
        wanted = {place or origins.get(data.get("order_reference")) for place in elsewhere}
        if elsewhere and told not in wanted:
            yield f"wrong origin: {asked.reference} is said to lie at {told}, not {wanted}"


def _place(data: Data) -> str | None:
    place = data.get("shipping_location_reference") or data.get("origin")
    return place if isinstance(place, str) else None


def _is_created(heard: Heard) -> bool:
    return heard.type == "consignment.created"


def _answers(account: Account, kinds: Iterable[str]) -> dict[Hashable, list[Heard]]:
    answers: dict[Hashable, list[Heard]] = {}
    for heard in account.heard:
        if heard.type in kinds:
            answers.setdefault(subject_of(heard.type, heard.data), []).append(heard)
    return answers


def _named(answers: Iterable[Heard]) -> set[str]:
    """Give the consignments that were told as too late."""
    return {
        str(detail.get("target"))
        for answer in answers
        for detail in answer.data.get("rejection", {}).get("details", ())
    }


CALLING_OFF = (
    _cancelled_orders,
    _goes_on,
    _withdrawn_picks,
    _fits_no_more,
    _wrong_origins,
)
