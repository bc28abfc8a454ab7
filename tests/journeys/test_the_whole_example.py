"""The whole Order Flex example of PRO's documentation, from the shop's events to the manifest.

Three orders are placed. Ada's leaves from two warehouses in two picks: her jewellery goes by PRO's
default rules, her clothes by a service group. Bashir's goes by one carrier service and no other.
Carys lives in Norway, so that customs want papers for both of her packages.
"""

from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from .test_papers import papers_of, read
from .world import World, manifest, order, pick

pytestmark = [pytest.mark.kafka]

STEPS = [f"consignment.{step}" for step in ("created", "allocated", "labelled", "manifested")]
"""What is told of every consignment, in this order."""

ADA, BASHIR, CARYS = "WEB-1001", "WEB-1002", "WEB-1003"
DEFAULT_RULES = {"way": "default_rules"}
NEXT_DAY_GROUP = {"way": "service_group", "reference": "UK_NEXT_DAY"}
PARCEL_48 = {"way": "carrier_service", "reference": "NL_P48"}


async def test_the_whole_example_of_order_flex(world: World) -> None:
    world.start_service(ORDERFLEX_PACKAGE_LABELS="true")
    await world.ready()

    # The shop places three orders, and PRO knows them.
    await world.say(
        "order.placed", order(ADA, ("NECKLACE", 1), ("BRACELET", 1), ("COAT", 1), ("HAT", 1))
    )
    await world.say("order.placed", order(BASHIR, ("SCARF", 2)) | {"allocation": [PARCEL_48]})
    await world.say("order.placed", to_norway(CARYS, HATS, CLOCK))
    recorded = await world.until_outcomes("order.recorded", 3)
    assert {one.key for one in recorded} == {ADA, BASHIR, CARYS}

    # Two warehouses pick what they have of Ada's order; the others leave from one place each.
    gems, clothes = [("NECKLACE", 1), ("BRACELET", 1)], [("COAT", 1), ("HAT", 1)]
    await world.say("stock.picked", pick(ADA, "GEMS", gems, allocation=[DEFAULT_RULES]))
    await world.say(
        "stock.picked",
        pick(
            ADA,
            "CLOTHES",
            clothes,
            shipping_location_reference="BRISTOL_WH",
            allocation=[NEXT_DAY_GROUP],
        ),
    )
    await world.say("stock.picked", pick(BASHIR, "SCARVES", [("SCARF", 2)]))
    await world.say("stock.picked", in_packages(CARYS, "GIFTS", [("HAT", 2)], [("CLOCK", 1)]))

    # Each pick is a consignment, allocated in its own way, and its papers are stored.
    await world.until_outcomes("consignment.labelled", 4)
    assert services(world) == {
        "GEMS": "PP_ECO",  # the cheapest that takes them
        "CLOTHES": "NL_P24",  # the only one of the group
        "SCARVES": "NL_P48",  # as asked for, though PP_ECO were cheaper
        "GIFTS": "KW_INT",  # the cheapest that goes abroad
    }
    assert {one.data["pick_reference"]: kinds_of_papers(one.data) for one in labelled(world)} == {
        "GEMS": [],
        "CLOTHES": [],
        "SCARVES": [],
        "GIFTS": ["cn22", "cn23", "commercial_invoice"],
    }
    for one in labelled(world):
        for paper in papers_of(one.data):
            assert sha256(read(paper["address"])).hexdigest() == paper["sha256"]
            assert len(read(paper["address"])) == paper["size_bytes"]
            assert one.data["consignment_reference"] in text_of(paper)
    assert "Bristol" in text_of(label_of(world, "CLOTHES"))
    assert "Leeds" in text_of(label_of(world, "GEMS"))
    assert len(PdfReader(BytesIO(read(label_of(world, "GIFTS")["address"]))).pages) == 2

    # The lorries come: what stands ready is manifested, one query for each place.
    await world.say("manifest.requested", manifest("M-LEEDS", "LEEDS_DC"))
    await world.say("manifest.requested", manifest("M-BRISTOL", "BRISTOL_WH"))
    manifested = await world.until_outcomes("consignment.manifested", 4)
    assert {one.data["pick_reference"]: one.data["manifest_reference"] for one in manifested} == {
        "GEMS": "M-LEEDS",
        "CLOTHES": "M-BRISTOL",
        "SCARVES": "M-LEEDS",
        "GIFTS": "M-BRISTOL",
    }

    # Who follows an order by its sequence has heard its whole way, without a gap or a surprise.
    assert world.dead_letters == []
    assert len(world.outcomes()) == 3 + 4 * len(STEPS)
    for reference, picks in ((ADA, ("GEMS", "CLOTHES")), (BASHIR, ("SCARVES",))):
        heard = of_order(world, reference)
        assert [one["sequence"] for _, one in heard] == list(range(1, len(heard) + 1))
        assert heard[0][0] == "order.recorded"
        for reference_of_pick in picks:
            steps = [step for step, one in heard if one.get("pick_reference") == reference_of_pick]
            assert steps == STEPS

    # PRO agrees: one consignment for each pick, where and how it was asked for, and told once.
    in_pro = {one["customer_reference"]: one for one in await consignments(world)}
    assert len(in_pro) == len(await consignments(world)) == 4
    assert {
        pick_reference: (
            in_pro[ours]["shipping_location_reference"],
            in_pro[ours]["carrier_service_reference"],
            in_pro[ours]["state"],
        )
        for pick_reference, ours in references_in_pro(world).items()
    } == {
        "GEMS": ("LEEDS_DC", "PP_ECO", "Manifested"),
        "CLOTHES": ("BRISTOL_WH", "NL_P24", "Manifested"),
        "SCARVES": ("LEEDS_DC", "NL_P48", "Manifested"),
        "GIFTS": ("BRISTOL_WH", "KW_INT", "Manifested"),
    }
    assert all(one["allocation_count"] == one["manifest_count"] == 1 for one in in_pro.values())
    assert len(await world.calls("createOrder")) == 3
    assert len(await world.calls("packOrder")) == 4
    assert len(await world.calls("manifestFromQuery")) == 2


HATS = {"sku": "HAT", "quantity": 2, "description": "Felt hat", "harmonisation_code": "650500"}
CLOCK = {"sku": "CLOCK", "quantity": 1, "description": "Wall clock", "harmonisation_code": "910521"}
PRICES = {"HAT": 25, "CLOCK": 340}
"""In pounds: PRO wants a CN23 for a package worth more than about 270, else a CN22."""


def to_norway(reference: str, *items: dict[str, Any]) -> dict[str, Any]:
    """An order from Bristol to Norway, with what customs want to know."""
    made = order(reference, *((item["sku"], item["quantity"]) for item in items))
    made["origin"] = "BRISTOL_WH"
    made["destination"] |= {"town": "Bergen", "postcode": "5003", "country": "NO"}
    for line, item in zip(made["items"], items, strict=True):
        value = {"amount": PRICES[item["sku"]], "currency": "GBP"}
        line |= {**item, "value": value, "country_of_origin": "GB"}
    made["customs_documentation"] = {
        "category_type": "other",
        "shipping_terms": "dap",
        "reason_for_export": "Sale",
        "shippers_vat_number": "GB123456789",
    }
    return made


def in_packages(
    order_reference: str, pick_reference: str, *packages: Sequence[tuple[str, int]]
) -> dict[str, Any]:
    """A pick whose items were packed into several boxes."""
    boxes = [pick(order_reference, pick_reference, items)["items"] for items in packages]
    return {
        "order_reference": order_reference,
        "pick_reference": pick_reference,
        "packages": [{"items": items} for items in boxes],
    }


def services(world: World) -> dict[str, str]:
    """The carrier service of each pick, as it was told."""
    return {
        one.data["pick_reference"]: one.data["carrier_service"]["reference"]
        for one in world.outcomes("consignment.allocated")
    }


def labelled(world: World) -> list[Any]:
    return world.outcomes("consignment.labelled")


def label_of(world: World, pick_reference: str) -> dict[str, Any]:
    (one,) = world.outcomes("consignment.labelled", pick_reference=pick_reference)
    labels: dict[str, Any] = one.data["labels"]
    return labels


def kinds_of_papers(told: dict[str, Any]) -> list[str]:
    return sorted(document["kind"] for document in told["customs_documents"])


def text_of(paper: dict[str, Any]) -> str:
    """What a person reads on a paper."""
    pages = PdfReader(BytesIO(read(paper["address"]))).pages
    return "\n".join(page.extract_text() for page in pages)


def of_order(world: World, reference: str) -> list[tuple[str, dict[str, Any]]]:
    """The outcomes of an order by their sequence: type and data."""
    heard = [(one.type, one.data) for one in world.outcomes(order_reference=reference)]
    return sorted(heard, key=lambda one: one[1]["sequence"])


def references_in_pro(world: World) -> dict[str, str]:
    """The reference that PRO was given for each pick's consignment."""
    return {
        one.data["pick_reference"]: one.data["consignment_reference_provided_by_customer"]
        for one in world.outcomes("consignment.created")
    }


async def consignments(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.inspect("consignments"))["consignments"]
    return found
