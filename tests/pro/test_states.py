"""The groups of states add up, and agree with the states of the contract."""

from itertools import combinations

from service.pro import states
from tests.contract.document import Contract


def test_every_word_of_the_contract_is_known() -> None:
    schema = Contract().document["components"]["schemas"]["ConsignmentState"]
    assert set(schema["enum"]) == states.KNOWN


def test_each_state_has_one_way_to_a_cancellation() -> None:
    ways = [
        states.CANCEL_AT_ONCE,
        states.CANCEL_AFTER_DEALLOCATION,
        states.CANCEL_AFTER_NOT_READY,
        states.TOO_LATE_TO_CANCEL,
        states.PASSING,
        frozenset({states.CANCELLED}),
    ]
    assert frozenset().union(*ways) == states.KNOWN
    assert not any(one & other for one, other in combinations(ways, 2))


def test_what_is_to_be_deallocated_before_may_be() -> None:
    assert states.CANCEL_AFTER_DEALLOCATION < states.CAN_BE_DEALLOCATED
    assert not states.CAN_BE_DEALLOCATED & states.CAN_BE_UPDATED
