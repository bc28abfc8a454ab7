"""What every store of papers promises, on a folder and on a real S3 endpoint."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pydantic import SecretStr

from service.papers.bucket import BucketPolicy, PaperBucket
from service.papers.folder import PaperFolder
from service.papers.paper import NotThere, Paper, PaperStore

from .s3 import KEY_ID, SECRET, S3Server

LABELS = Paper("EC-000-07C-2HX", 1, "labels", b"%PDF one", "application/pdf")


@dataclass
class Tried:
    """A store, and how a reader meets it."""

    store: PaperStore
    root: str
    read: Callable[[str], bytes]
    names: Callable[[], list[str]]


@pytest.fixture(params=["folder", "bucket"])
def tried(request: pytest.FixtureRequest, tmp_path: Path) -> Tried:
    """An empty store of each kind."""
    if request.param == "folder":
        folder = tmp_path / "not there yet"
        return Tried(
            PaperFolder(folder),
            folder.as_uri(),
            lambda address: Path(unquote(urlsplit(address).path)).read_bytes(),
            lambda: [str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()],
        )
    s3: S3Server = request.getfixturevalue("s3")
    bucket = f"papers-{uuid.uuid4().hex[:8]}"
    s3.make_bucket(bucket)
    policy = BucketPolicy(
        bucket, "of/us", s3.endpoint, "eu-west-2", SecretStr(KEY_ID), SecretStr(SECRET)
    )
    return Tried(
        PaperBucket(policy),
        f"s3://{bucket}/of/us",
        lambda address: s3.read(address)[0],
        lambda: [key.removeprefix("of/us/") for key in s3.keys(bucket)],
    )


async def test_a_paper_is_kept_at_its_address(tried: Tried) -> None:
    address = await tried.store.save(LABELS)
    assert address == f"{tried.root}/EC-000-07C-2HX/1/labels.pdf"
    assert tried.read(address) == b"%PDF one"


async def test_the_same_paper_again_takes_the_place_of_the_first(tried: Tried) -> None:
    first = await tried.store.save(LABELS)
    second = await tried.store.save(replace(LABELS, content=b"%PDF two"))
    assert first == second
    assert tried.read(second) == b"%PDF two"
    assert tried.names() == ["EC-000-07C-2HX/1/labels.pdf"]


async def test_papers_that_differ_in_anything_have_places_of_their_own(tried: Tried) -> None:
    others = [
        LABELS,
        replace(LABELS, allocation_number=2),
        replace(LABELS, consignment_reference="EC-000-07C-2HY"),
        replace(LABELS, kind="label", package_reference="EP-1"),
        replace(LABELS, kind="label", package_reference="EP-2"),
        replace(LABELS, kind="cn22", number=1),
        replace(LABELS, kind="cn22", number=2),
        replace(LABELS, kind="cn22", number=1, package_reference="EP-1"),
        replace(LABELS, kind="cn23", number=1),
        replace(LABELS, content_type="image/png"),
        replace(LABELS, content_type="text/plain"),
    ]
    addresses = [await tried.store.save(each) for each in others]
    assert len(set(addresses)) == len(tried.names()) == len(others)


@pytest.mark.parametrize("reference", ["..", "a/../../b", "/etc", "ä ö?#%41", "."])
async def test_no_reference_leads_out_of_the_store(tried: Tried, reference: str) -> None:
    paper = replace(LABELS, consignment_reference=reference, package_reference=reference)
    await tried.store.save(paper)
    (name,) = tried.names()
    assert name.count("/") == 2
    assert ".." not in name


@pytest.mark.parametrize(
    ("content_type", "ending"),
    [
        ("application/pdf", ".pdf"),
        ("Application/PDF; charset=binary", ".pdf"),
        ("image/png", ".png"),
        ("text/plain", ".zpl"),
        ("application/zpl", ".zpl"),
    ],
)
def test_the_ending_tells_the_format(content_type: str, ending: str) -> None:
    assert replace(LABELS, content_type=content_type).path.endswith(f"labels{ending}")


async def test_a_paper_is_read_by_its_address(tried: Tried) -> None:
    odd = replace(LABELS, consignment_reference="EC/../1 %2F", content=b"%PDF odd")
    assert await tried.store.read(await tried.store.save(LABELS)) == b"%PDF one"
    assert await tried.store.read(await tried.store.save(odd)) == b"%PDF odd"


async def test_what_is_not_there_or_not_of_this_store_is_not_read(tried: Tried) -> None:
    address = await tried.store.save(LABELS)
    for other in (
        address.replace("labels", "nothing"),
        f"{tried.root}/../secret",
        f"{tried.root}/EC-000-07C-2HX/../../../secret",
        f"{tried.root}/",
        tried.root,
        f"{tried.root}x/EC-000-07C-2HX/1/labels.pdf",
        f"x{address}",
        "file:///etc/hostname",
        "s3://another/EC-000-07C-2HX/1/labels.pdf",
        "https://example.com/labels.pdf",
        "",
    ):
        with pytest.raises(NotThere):
            await tried.store.read(other)


async def test_what_is_too_large_is_no_paper(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    address = await tried.store.save(LABELS)
    for module in ("folder", "bucket"):
        monkeypatch.setattr(f"service.papers.{module}.MOST_BYTES", 3)
    with pytest.raises(NotThere, match="it is no paper"):
        await tried.store.read(address)
