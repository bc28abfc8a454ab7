"""Papers are opened out of the store alone, as they were stored, and can do nothing."""

from pathlib import Path

import pytest
from sqlalchemy import update

from service.ledger.tables import consignments, operations
from service.page.consignment_page import SHOWN_IN_PLACE

from .html import read
from .visitor import Visitor


async def _lies_at(visitor: Visitor, address: str, sha256: str | None = None) -> None:
    """Have the ledger's note say so, and nothing else tell of it."""
    told: dict[str, str] = {"label_address": address}
    if sha256 is not None:
        told["label_sha256"] = sha256
    async with visitor.world.database.begin() as tx:
        await tx.execute(update(operations).values(outcomes=None))
        await tx.execute(update(consignments).values(**told))


def _file(visitor: Visitor) -> Path:
    return next(visitor.world.papers.rglob("labels.pdf"))


async def test_the_labels_are_opened_as_they_were_stored(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    shown = await visitor.look(f"/consignment?reference={reference}")
    answer = await visitor.client.get(shown.leads_to("Open the labels"))
    assert answer.status_code == 200
    assert answer.content == _file(visitor).read_bytes()
    said = answer.headers
    assert said["content-type"] == "application/pdf"
    assert said["content-disposition"] == f'inline; filename="{reference}-labels.pdf"'
    assert said["x-content-type-options"] == "nosniff"
    assert "sandbox" in said["content-security-policy"]
    assert said["cache-control"] == "no-store"


async def test_without_a_session_no_paper_is_given(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    visitor.client.cookies.clear()
    answer = await visitor.client.get(f"/paper?consignment={reference}&number=0")
    assert answer.status_code == 303
    assert b"%PDF" not in answer.content


async def test_the_ledgers_own_note_is_enough(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    await _lies_at(visitor, _file(visitor).as_uri())
    answer = await visitor.client.get(f"/paper?consignment={reference}&number=0")
    assert answer.content == _file(visitor).read_bytes()


@pytest.mark.parametrize("number", ["1", "-1", "x", "", "00000", "%D9%A1", "0.0"])
async def test_a_paper_that_is_not_there_is_not_found(visitor: Visitor, number: str) -> None:
    reference = await visitor.labelled()
    answer = await visitor.client.get(f"/paper?consignment={reference}&number={number or 9}")
    assert answer.status_code == 404
    assert (await visitor.client.get("/paper?consignment=X")).status_code == 404
    assert (await visitor.client.get("/paper")).status_code == 404


async def test_what_somebody_wrote_over_it_is_not_given(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    _file(visitor).write_bytes(b"%PDF of another parcel")
    answer = await visitor.client.get(f"/paper?consignment={reference}&number=0")
    assert answer.status_code == 404
    assert "its SHA-256 differs" in read(answer.text).text


async def test_what_was_deleted_is_told(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    _file(visitor).unlink()
    answer = await visitor.client.get(f"/paper?consignment={reference}&number=0")
    assert answer.status_code == 404
    assert "the folder does not give it: FileNotFoundError" in read(answer.text).text


async def test_nothing_outside_of_the_store_is_read(visitor: Visitor, tmp_path: Path) -> None:
    reference = await visitor.labelled()
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(b"secret")
    papers = visitor.world.papers
    (papers / "link.pdf").symlink_to(secret)
    (papers / "folder.pdf").mkdir()
    sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
    for address in (
        secret.as_uri(),
        f"{papers.as_uri()}/../secret.pdf",
        f"{papers.as_uri()}/%2e%2e/secret.pdf",
        f"{papers.as_uri()}/link.pdf",
        f"{papers.as_uri()}/folder.pdf",
        f"file://elsewhere{secret}",
        "s3://bucket/labels.pdf",
        "http://127.0.0.1:1/labels.pdf",
        "file:///dev/zero",
        "nonsense",
        f"{papers.as_uri()}/%00",
    ):
        await _lies_at(visitor, address, sha256)
        answer = await visitor.client.get(f"/paper?consignment={reference}&number=0")
        assert answer.status_code == 404, address
        assert b"secret" not in answer.content.replace(b"secret.pdf", b"")


@pytest.mark.parametrize("suffix", [".zpl", ".html", ".svg", "", ".PNG"])
async def test_what_a_browser_might_run_is_only_saved(visitor: Visitor, suffix: str) -> None:
    reference = await visitor.labelled()
    file = _file(visitor)
    content = file.read_bytes()
    odd = file.with_name(f"labels{suffix}")
    odd.write_bytes(content)
    await _lies_at(visitor, odd.as_uri())
    answer = await visitor.client.get(f"/paper?consignment={reference}&number=0")
    assert answer.content == content
    shown = SHOWN_IN_PLACE.get(suffix.lower())
    assert answer.headers["content-type"] == (shown or "application/octet-stream")
    assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment")
