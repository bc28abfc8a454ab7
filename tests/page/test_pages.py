"""Every page shows what is there, in plain words, and names nobody."""

from .visitor import Visitor


async def test_the_first_page_is_calm_when_nothing_needs_anybody(visitor: Visitor) -> None:
    shown = await visitor.look("/")
    assert shown.heading == "Needs attention"
    assert "Nothing needs you right now." in shown.text
    assert "Events are taken up." in shown.text


async def test_smoke(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    number = await visitor.bury("WEB-1")
    await visitor.queue("WEB-1", 2)
    for path in (
        "/",
        "/search",
        "/search?reference=nothing",
        "/order?reference=WEB-1",
        f"/consignment?reference={reference}",
        f"/consignment?reference={reference}&ask_pro=yes",
        "/dead-letters",
        "/dead-letters?holds=yes",
        f"/dead-letter?number={number}",
        "/unshipped",
        "/unshipped/group?stage=manifest&location=LEEDS_DC&carrier=PENNYPOST",
        "/order/cancel?reference=WEB-1",
        "/order/again?reference=WEB-1",
        f"/consignment/cancel?reference={reference}",
        f"/consignment/reallocate?reference={reference}",
        f"/dead-letter/replay?number={number}",
        f"/dead-letter/discard?number={number}",
    ):
        await visitor.look(path)
