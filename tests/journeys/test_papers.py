"""Labels and customs documents: what goes abroad, and a store that is away for a while."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.papers.s3 import KEY_ID, SECRET, S3Server

from .world import World, order, pick

pytestmark = [pytest.mark.kafka]


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    """An S3 endpoint that is not started yet."""
    server = S3Server(tmp_path)
    yield server
    server.stop()


def abroad(reference: str) -> dict[str, Any]:
    """An order for France, with what customs want to know."""
    made = order(reference, ("HAT", 2))
    made["destination"] |= {"town": "Lyon", "postcode": "69002", "country": "FR"}
    made["items"][0] |= {
        "description": "Felt hat",
        "country_of_origin": "GB",
        "harmonisation_code": "650500",
    }
    made["customs_documentation"] = {"category_type": "other", "shipping_terms": "dap"}
    return made


def papers_of(labelled: dict[str, Any]) -> list[dict[str, Any]]:
    return [labelled["labels"], *labelled["package_labels"], *labelled["customs_documents"]]


def read(address: str) -> bytes:
    return Path(unquote(urlsplit(address).path)).read_bytes()


async def test_what_goes_abroad_has_customs_documents_and_the_rest_has_none(world: World) -> None:
    world.start_service(ORDERFLEX_PACKAGE_LABELS="true")
    await world.ready()
    for placed in (order("HOME", ("HAT", 2)), abroad("ABROAD")):
        await world.say("order.placed", placed)
        await world.say("stock.picked", pick(placed["order_reference"], "P-1", [("HAT", 2)]))
    await world.until_outcomes("consignment.labelled", 2)
    (home,) = world.outcomes("consignment.labelled", order_reference="HOME")
    (away,) = world.outcomes("consignment.labelled", order_reference="ABROAD")
    assert home.data["customs_documents"] == []
    kinds = [paper["kind"] for paper in away.data["customs_documents"]]
    assert kinds == ["commercial_invoice", "cn22"]
    (package,) = away.data["package_labels"]
    assert away.data["customs_documents"][1]["package_reference"] == package["package_reference"]
    papers = [*papers_of(home.data), *papers_of(away.data)]
    assert len({paper["address"] for paper in papers}) == len(papers) == 6
    for paper in papers:
        content = read(paper["address"])
        assert content.startswith(b"%PDF")
        assert paper["sha256"] == sha256(content).hexdigest()
    assert len(await world.calls("getCustomsDocuments")) == 1


async def test_documents_that_pro_has_not_yet_keep_the_parcel_waiting(world: World) -> None:
    world.start_service()
    await world.ready()
    world.fault("status", "getCustomsDocuments", times=4, status=404)
    await world.say("order.placed", abroad("ABROAD"))
    await world.say("stock.picked", pick("ABROAD", "P-1", [("HAT", 1)]))
    (labelled,) = await world.until_outcomes("consignment.labelled", 1)
    assert len(labelled.data["customs_documents"]) == 2
    assert len(await world.calls("getCustomsDocuments")) == 5


async def test_a_store_that_is_down_is_tried_again_and_the_parcel_labelled_once(
    world: World, s3: S3Server
) -> None:
    world.start_service(
        ORDERFLEX_PAPERS_STORE="s3://papers/of/ours",
        ORDERFLEX_PAPERS_ENDPOINT=s3.endpoint,
        ORDERFLEX_PAPERS_REGION="eu-west-2",
        ORDERFLEX_PAPERS_ACCESS_KEY=KEY_ID,
        ORDERFLEX_PAPERS_SECRET_KEY=SECRET,
        ORDERFLEX_LOG_LEVEL="debug",
    )
    await world.ready()
    await world.say("order.placed", abroad("ABROAD"))
    await world.say("stock.picked", pick("ABROAD", "P-1", [("HAT", 1)]))
    fetched = world.pro.state.calls
    await world.until(
        lambda: sum(call.operation == "getLabelsInFormat" for call in fetched) >= 5,
        "papers are fetched again and again",
    )
    assert world.outcomes("consignment.labelled") == []
    s3.start()
    s3.make_bucket("papers")
    (labelled,) = await world.until_outcomes("consignment.labelled", 1)
    papers = papers_of(labelled.data)
    for paper in papers:
        content, content_type = s3.read(paper["address"])
        assert sha256(content).hexdigest() == paper["sha256"]
        assert content_type == paper["content_type"]
    folder = f"s3://papers/of/ours/{labelled.data['consignment_reference']}/1"
    assert {paper["address"].rpartition("/")[0] for paper in papers} == {folder}
    assert sorted(f"s3://papers/{key}" for key in s3.keys("papers")) == sorted(
        paper["address"] for paper in papers
    )
    await world.say("order.placed", order("LATER", ("HAT", 1)))
    await world.say("stock.picked", pick("LATER", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 2)
    assert len([heard for heard in world.heard if heard.type == "consignment.labelled"]) == 2
    log = (world.folder / "service-1.log").read_text()
    assert "store_papers" in log
    assert SECRET not in log
    assert KEY_ID not in log
