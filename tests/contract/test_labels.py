"""Labels are real files, a page for each package (RULES 6)."""

import base64
import io
import re

import pytest
from PIL import Image
from pypdf import PdfReader

from sandbox.code39 import bars

from .caller import Caller
from .samples import ORDER, PACK


async def _file(pro: Caller, reference: str, label_format: str = "") -> tuple[bytes, str]:
    answer = await pro.good("GET", f"/labels/{reference}{label_format}")
    return base64.b64decode(answer["File"], validate=True), answer["ContentType"]


async def _two_packages(pro: Caller) -> tuple[str, list[str]]:
    reference = await pro.pack(Packages=[PACK["Packages"][0], PACK["Packages"][0]])
    (summary,) = await pro.allocate(reference)
    return reference, summary["ConsignmentLegs"][0]["TrackingReferences"]


@pytest.mark.parametrize("label_format", ["", "/pdf", "/PDF"])
async def test_pdf(pro: Caller, label_format: str) -> None:
    reference, tracking = await _two_packages(pro)
    content, content_type = await _file(pro, reference, label_format)
    assert content_type == "application/pdf"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    assert len(pages) == 2
    for page, number in zip(pages, tracking, strict=True):
        for text in ("Ms Ada Okafor", "4 Quarry Lane", "NR1 1AA", "Northline", number, reference):
            assert text in page


async def test_png(pro: Caller) -> None:
    reference, _ = await _two_packages(pro)
    content, content_type = await _file(pro, reference, "/png")
    assert content_type == "image/png"
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.height == 2 * 148 * 8
        black = picture.convert("L").histogram()[0]
    assert black > 10_000


@pytest.mark.parametrize("label_format", ["/zpl", "/ZPLII"])
async def test_zpl(pro: Caller, label_format: str) -> None:
    reference, tracking = await _two_packages(pro)
    content, _ = await _file(pro, reference, label_format)
    labels = re.findall(r"\^XA.*?\^XZ", content.decode(), re.DOTALL)
    assert len(labels) == 2
    for label, number in zip(labels, tracking, strict=True):
        assert f"^BCN,190,Y,N,N^FD{number}^FS" in label
        assert "4 Quarry Lane" in label


@pytest.mark.parametrize("label_format", ["/pdf", "/png", "/zpl"])
async def test_awkward_names(pro: Caller, label_format: str) -> None:
    destination = ORDER["Addresses"][1] | {"AddressLine1": "Łódzka 1^XZ~ 東京_", "Town": "Zürich"}
    order = await pro.order(Addresses=[ORDER["Addresses"][0], destination])
    reference = await pro.pack(order)
    await pro.allocate(reference)
    content, _ = await _file(pro, reference, label_format)
    if label_format == "/zpl":
        text = content.decode()
        assert text.count("^XZ") == 1
        assert "Łódzka 1_5EXZ_7E 東京_5F" in text


async def test_fetching_marks_the_labels_as_printed(pro: Caller) -> None:
    reference = await pro.allocated()
    assert (await pro.read(reference))["LabelsPrinted"] is False
    await _file(pro, reference)
    consignment = await pro.read(reference)
    assert (consignment["LabelsPrinted"], consignment["LabelCount"]) == (True, 1)
    assert consignment["DateLabelsWereFirstPrinted"] == "2026-03-02T08:15:30.1234560+00:00"


async def test_errors(pro: Caller) -> None:
    assert (await pro.call("GET", "/labels/EC-000-000-000/pdf")).status_code == 404
    assert (await pro.call("GET", f"/labels/{await pro.pack()}/pdf")).status_code == 404
    response = await pro.call("GET", f"/labels/{await pro.allocated()}/gif")
    assert response.status_code == 400
    assert response.json()["Details"][0]["Target"] == "labelFormat"


def test_the_barcode_is_code_39() -> None:
    # A bar or a space is narrow (1) or wide (3); each character has three wide of nine.
    drawn = list(bars("A1", 0, 4 * 15 + 3))
    assert len(drawn) == 4 * 5
    assert {round(width) for _, width in drawn} == {1, 3}
    end = drawn[-1][0] + drawn[-1][1]
    assert round(end) == 4 * 15 + 3


@pytest.mark.parametrize(("resolution", "height"), [(203, 1184), (300, 1750), (600, 3500)])
async def test_png_in_a_resolution(pro: Caller, resolution: int, height: int) -> None:
    content, _ = await _file(pro, await pro.allocated(), f"/png/{resolution}")
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.height == height
        assert round(picture.info["dpi"][0]) == resolution


async def test_zpl_in_a_resolution(pro: Caller) -> None:
    reference = await pro.allocated()
    usual, _ = await _file(pro, reference, "/zpl")
    assert (await _file(pro, reference, "/zpl/203"))[0] == usual
    fine, _ = await _file(pro, reference, "/zpl/406")
    assert b"^PW840" in usual
    assert b"^PW1680" in fine
    assert b"^BY6^BCN,380," in fine


@pytest.mark.parametrize(
    "resolution", ["0", "-1", "71", "601", "2e2", "\u0663\u0660\u0660", "9" * 5000]
)
async def test_resolutions_that_no_printer_has(pro: Caller, resolution: str) -> None:
    response = await pro.call("GET", f"/labels/{await pro.allocated()}/pdf/{resolution}")
    assert response.status_code == 400
    assert response.json()["Details"][0]["Target"] == "resolution"


async def test_one_package_in_its_default_format_and_in_a_resolution(pro: Caller) -> None:
    reference, tracking = await _two_packages(pro)
    second = pro.state.consignments[reference].packages[1].reference
    content, content_type = await _file(pro, f"package/{reference}/{second}")
    assert content_type == "application/pdf"
    (page,) = PdfReader(io.BytesIO(content)).pages
    assert tracking[1] in page.extract_text()
    zpl, _ = await _file(pro, f"package/{reference}/{second}", "/zpl/300")
    assert zpl.count(b"^XA") == 1
    assert tracking[1].encode() in zpl
