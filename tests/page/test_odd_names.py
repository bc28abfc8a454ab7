"""The longest names that there can be are listed, page by page, and can be acted on."""

from service.ledger.tables import operations
from tests.reactions.goods import placed

from .visitor import Visitor

ODD = 98 * "\N{CHERRY BLOSSOM}"


async def test_the_longest_references_are_listed_page_by_page(visitor: Visitor) -> None:
    names = {f"{ODD}{number:02}" for number in range(26)}
    for name in sorted(names):
        await visitor.world.react(placed(name, origin="NOWHERE"))
        visitor.world.clock.forward(1)
    for path in ("/", "/search"):
        first = await visitor.look(path)
        second = await visitor.look(first.leads_to("More"))
        listed = [text for page in (first, second) for text, _ in page.links if text in names]
        assert sorted(listed) == sorted(names), path


async def test_an_item_of_the_longest_reference_is_seen_to(visitor: Visitor) -> None:
    await visitor.world.react(placed(f"{ODD}01", origin="NOWHERE"))
    path = (await visitor.look("/")).leads_to("Mark as seen to")
    await visitor.told(await visitor.send(path, because="settled by telephone"))
    assert "Nothing needs you right now." in (await visitor.look("/")).text
    assert (await visitor.world.history(f"{ODD}01"))[-1] == "seen to"


async def test_what_belongs_to_no_order_leads_nowhere(visitor: Visitor) -> None:
    now = visitor.world.clock()
    async with visitor.world.database.begin() as tx:
        await tx.execute(
            operations.insert().values(
                operation_key="manifest:LEEDS_DC:1",
                kind="manifest",
                subject="location:LEEDS_DC",
                state="unknown",
                attempt=1,
                content_digest="none",
                digest_version=1,
                lease_until=now,
                ever_unknown=True,
                created_at=now,
            )
        )
    visitor.world.clock.forward(3_601)
    await visitor.sign_in()
    shown = await visitor.look("/")
    name = "unknown_long:manifest:LEEDS_DC:1:1"
    assert name in shown.text
    assert name not in [text for text, _ in shown.links]
