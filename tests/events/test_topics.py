"""Each event type has one topic, and no topic two purposes."""

import pytest

from service.events.catalogue import MODELS
from service.events.topics import EventType, RetryTier, Topics


def test_a_topic_is_called_like_its_type() -> None:
    topics = Topics()
    for event_type in EventType:
        assert topics.topic_of(event_type) == event_type.value
        assert topics.type_of(event_type.value) is event_type
    assert [(t.topic, t.delay_seconds) for t in topics.retry_tiers] == [
        ("orderflex.retry.5s", 5.0),
        ("orderflex.retry.1m", 60.0),
        ("orderflex.retry.10m", 600.0),
    ]
    assert topics.dead_letters == "orderflex.dead-letters"


def test_a_prefix_stands_before_all_names_but_those_given() -> None:
    topics = Topics(prefix="test.", names={EventType.STOCK_PICKED: "wms.picks"})
    assert topics.topic_of(EventType.ORDER_PLACED) == "test.order.placed"
    assert topics.topic_of(EventType.STOCK_PICKED) == "wms.picks"
    assert topics.type_of("wms.picks") is EventType.STOCK_PICKED
    assert topics.type_of("stock.picked") is None
    assert topics.retry_tiers[0].topic == "test.orderflex.retry.5s"
    assert topics.dead_letters == "test.orderflex.dead-letters"


def test_retry_and_dead_letter_topics_have_no_type() -> None:
    topics = Topics()
    assert topics.type_of("orderflex.retry.1m") is None
    assert topics.type_of("orderflex.dead-letters") is None


def test_one_topic_for_two_purposes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"more than one purpose: order\.placed"):
        Topics(names={EventType.STOCK_PICKED: "order.placed"})
    with pytest.raises(ValueError, match="more than one purpose"):
        Topics(dead_letters="order.placed")


def test_retry_tiers_grow() -> None:
    with pytest.raises(ValueError, match="wait longer"):
        Topics(retry_tiers=(RetryTier("a", 60), RetryTier("b", 5)))


def test_every_type_has_a_model() -> None:
    assert list(MODELS) == list(EventType)
