"""consignment.allocated → labels and customs documents → consignment.labelled"""

from base64 import b64decode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from sandbox.faults import FaultKind
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentCreated,
    ConsignmentLabelled,
    StoredPaper,
)
from service.events.topics import EventType
from service.ledger import consignments
from service.operations import NOTHING_TO_SAY, TooEarly
from service.papers.paper import NotStored, Paper
from service.pro.papers import PapersWanted, fetch_papers
from service.pro.problems import Retryable
from service.reactions.consignment_allocated import FetchPapers

from .goods import item, picked, placed
from .world import World, only

ABROAD = {
    "contact": {"first_name": "Zoe", "last_name": "Martin", "mobile": "0033612345678"},
    "address_line_1": "8 Rue Neuve",
    "town": "Lyon",
    "postcode": "69002",
    "country": "FR",
}


@pytest.fixture
async def allocated(world: World) -> ConsignmentAllocated:
    """A consignment within the country that waits for its papers."""
    return await _allocated(world)


@pytest.fixture
async def abroad(world: World) -> ConsignmentAllocated:
    """One of two packages that goes abroad."""
    return await _allocated(
        world,
        destination=ABROAD,
        customs_documentation={"category_type": "other", "shipping_terms": "dap"},
    )


async def _allocated(world: World, **order: Any) -> ConsignmentAllocated:
    goods = item(quantity=2, description="Pot", country_of_origin="GB", harmonisation_code="691200")
    await world.react(placed("WEB-1", goods, **order))
    package = {
        "weight": {"value": 1.5, "unit": "kg"},
        "dimensions": {"length": 24, "width": 18, "height": 16, "unit": "cm"},
        "items": [{"sku": "TEA-POT-01", "quantity": 1}],
    }
    created = only(ConsignmentCreated, await world.react(picked(packages=[package, package])))
    return only(ConsignmentAllocated, await world.react(created))


def fetch(world: World, **changes: Any) -> None:
    """Have the reaction want, or be, something else."""
    reaction = world.reactions[EventType.CONSIGNMENT_ALLOCATED]
    assert isinstance(reaction, FetchPapers)
    world.reactions[EventType.CONSIGNMENT_ALLOCATED] = replace(reaction, **changes)


async def labelled(world: World, event: ConsignmentAllocated) -> ConsignmentLabelled:
    return only(ConsignmentLabelled, await world.react(event))


def kept(paper: StoredPaper) -> bytes:
    """The file that a paper names; it is the one that was told."""
    content = Path(unquote(urlsplit(paper.address).path)).read_bytes()
    assert paper.sha256 == sha256(content).hexdigest()
    assert paper.size_bytes == len(content)
    return content


def files(world: World) -> list[str]:
    return sorted(
        str(file.relative_to(world.papers)) for file in world.papers.rglob("*") if file.is_file()
    )


async def test_the_labels_are_stored_and_named(
    world: World, allocated: ConsignmentAllocated
) -> None:
    said = await labelled(world, allocated)
    assert said.labels.format == "PDF"
    assert said.labels.content_type == "application/pdf"
    assert kept(said.labels).startswith(b"%PDF")
    known = await world.consignment(allocated.consignment_reference)
    assert (known.label_sha256, known.label_address) == (said.labels.sha256, said.labels.address)
    assert files(world) == [f"{allocated.consignment_reference}/1/labels.pdf"]
    assert said.labels.content_base64 is None


async def test_said_again_it_is_the_same_and_pro_is_not_asked(
    world: World, allocated: ConsignmentAllocated
) -> None:
    said = await labelled(world, allocated)
    assert await labelled(world, allocated) == said
    assert world.calls("getLabelsInFormat") == 1


@pytest.mark.parametrize(
    ("label_format", "content_type", "opens"),
    [
        ("PDF", "application/pdf", b"%PDF"),
        ("PNG", "image/png", b"\x89PNG"),
        ("ZPL", "text/plain", b"^XA"),
        ("ZPLII", "text/plain", b"^XA"),
    ],
)
async def test_the_format_is_the_one_that_is_set(
    world: World,
    allocated: ConsignmentAllocated,
    label_format: Any,
    content_type: str,
    opens: bytes,
) -> None:
    fetch(world, wanted=PapersWanted(label_format=label_format, package_labels=True))
    said = await labelled(world, allocated)
    for label in (said.labels, *said.package_labels):
        assert (label.format, label.content_type) == (label_format, content_type)
        assert kept(label).startswith(opens)


async def test_each_package_has_a_label_of_its_own_when_that_is_set(
    world: World, allocated: ConsignmentAllocated
) -> None:
    fetch(world, wanted=PapersWanted(package_labels=True))
    said = await labelled(world, allocated)
    (made,) = world.alive()
    packages = [package.reference for package in made.packages]
    assert [label.package_reference for label in said.package_labels] == packages
    contents = [kept(label) for label in (said.labels, *said.package_labels)]
    assert len(set(contents)) == 3
    folder = f"{allocated.consignment_reference}/1"
    assert files(world) == sorted(
        [f"{folder}/labels.pdf", *(f"{folder}/label-{package}.pdf" for package in packages)]
    )


async def test_what_stays_in_the_country_needs_no_customs_documents(
    world: World, allocated: ConsignmentAllocated
) -> None:
    said = await labelled(world, allocated)
    assert said.customs_documents == ()
    assert world.calls("getCustomsDocuments") == 0


async def test_what_goes_abroad_has_its_customs_documents(
    world: World, abroad: ConsignmentAllocated
) -> None:
    said = await labelled(world, abroad)
    (made,) = world.alive()
    told = [(paper.kind, paper.package_reference) for paper in said.customs_documents]
    assert told == [
        ("commercial_invoice", None),
        *(("cn22", package.reference) for package in made.packages),
    ]
    for paper in said.customs_documents:
        assert paper.content_type == "application/pdf"
        assert kept(paper).startswith(b"%PDF")
    assert len({kept(paper) for paper in (said.labels, *said.customs_documents)}) == 4


async def test_customs_documents_can_be_left_to_others(
    world: World, abroad: ConsignmentAllocated
) -> None:
    fetch(world, wanted=PapersWanted(customs_documents=False))
    reads = world.calls("getConsignment")
    said = await labelled(world, abroad)
    assert said.customs_documents == ()
    assert world.calls("getCustomsDocuments") == 0
    assert world.calls("getConsignment") == reads


@pytest.mark.parametrize(
    "operation", ["getLabelsInFormat", "getCustomsDocuments", "getConsignment"]
)
async def test_papers_that_pro_does_not_give_yet_are_asked_for_again(
    world: World, abroad: ConsignmentAllocated, operation: str
) -> None:
    world.fault(operation, FaultKind.STATUS, status=404)
    world.fault(operation, FaultKind.GARBAGE)
    world.fault(operation, FaultKind.DROP_AFTER_COMMIT)
    for _ in range(3):
        with pytest.raises(Retryable):
            await world.react(abroad)
        assert files(world) == []
    said = await labelled(world, abroad)
    assert len(said.customs_documents) == 3


async def test_a_store_that_takes_nothing_for_a_while_is_tried_again(
    world: World, abroad: ConsignmentAllocated
) -> None:
    store = world.reactions[EventType.CONSIGNMENT_ALLOCATED].store  # type: ignore[attr-defined]

    class Failing:
        """Takes two papers, then none."""

        left = 2

        async def save(self, paper: Paper) -> str:
            if self.left == 0:
                raise NotStored("it is full")
            self.left -= 1
            address: str = await store.save(paper)
            return address

    fetch(world, store=Failing())
    with pytest.raises(Retryable, match="store_papers: it is full"):
        await world.react(abroad)
    known = await world.consignment(abroad.consignment_reference)
    assert known.label_address is None
    half = files(world)
    assert len(half) == 2
    fetch(world, store=store)
    said = await labelled(world, abroad)
    assert len(files(world)) == 1 + len(said.customs_documents)
    assert set(half) < set(files(world))


async def test_small_papers_travel_in_the_event_when_that_is_set(
    world: World, abroad: ConsignmentAllocated
) -> None:
    fetch(world, inline_bytes=400_000)
    said = await labelled(world, abroad)
    for paper in (said.labels, *said.customs_documents):
        assert paper.content_base64 is not None
        assert b64decode(paper.content_base64) == kept(paper)
    assert await labelled(world, abroad) == said


async def test_papers_that_are_together_too_large_do_not(
    world: World, abroad: ConsignmentAllocated
) -> None:
    papers = await fetch_papers(world.pro, abroad.consignment_reference, PapersWanted())
    fetch(world, inline_bytes=papers.size_bytes - 1)
    said = await labelled(world, abroad)
    assert all(paper.content_base64 is None for paper in (said.labels, *said.customs_documents))


async def test_papers_of_an_earlier_allocation_are_not_fetched(
    world: World, allocated: ConsignmentAllocated
) -> None:
    earlier = allocated.model_copy(update={"allocation_number": 2})
    assert await world.perform(earlier) == NOTHING_TO_SAY
    unknown = allocated.model_copy(update={"consignment_reference": "EC-unknown"})
    with pytest.raises(TooEarly):
        await world.react(unknown)


async def test_what_was_cancelled_meanwhile_has_no_papers_to_wait_for(
    world: World, allocated: ConsignmentAllocated
) -> None:
    async with world.database.begin() as tx:
        await consignments.move(tx, allocated.consignment_reference, "Cancelled")
    assert await world.perform(allocated) == NOTHING_TO_SAY
    assert world.calls("getLabelsInFormat") == 0


async def test_a_folder_that_is_in_the_way_is_tried_again(
    world: World, allocated: ConsignmentAllocated
) -> None:
    world.papers.write_bytes(b"a file stands where the folder should be")
    with pytest.raises(Retryable, match="the folder does not take it"):
        await world.react(allocated)
    world.papers.unlink()
    await labelled(world, allocated)
