"""Customs papers: when there are any, and which (RULES 7)."""

import base64
import io
from typing import Any

import pytest
from pypdf import PdfReader

from .caller import Caller
from .carrier_turns import abroad, package_of, packed


def _words(value: str) -> str:
    return PdfReader(io.BytesIO(base64.b64decode(value))).pages[0].extract_text()


async def test_a_parcel_abroad_has_an_invoice_and_a_form_for_each_package(pro: Caller) -> None:
    two = packed(1)["Packages"] * 2
    reference = await abroad(pro, Packages=two)
    found = await pro.good("GET", f"/consignments/docs/{reference}")
    assert set(found) == {"CommercialInvoiceDocuments", "CN22Documents"}
    assert len(found["CN22Documents"]) == 2
    assert len({each["Key"] for each in found["CN22Documents"]}) == 2
    assert reference in _words(found["CommercialInvoiceDocuments"][0]["Value"])
    assert "CN22" in _words(found["CN22Documents"][0]["Value"])


async def test_a_parcel_within_the_customs_area_has_none(pro: Caller) -> None:
    reference = await pro.allocated()
    assert await pro.good("GET", f"/consignments/docs/{reference}") == {}
    path = f"/consignments/docs/commercialinvoice/{reference}"
    assert (await pro.call("GET", path)).status_code == 404


async def test_valuable_goods_need_the_longer_form(pro: Caller) -> None:
    reference = await abroad(pro, **packed(1))
    pro.state.consignments[reference].packages[0].value.amount = 270.01
    found = await pro.good("GET", f"/consignments/docs/{reference}")
    assert set(found) == {"CommercialInvoiceDocuments", "CN23Documents"}
    package = package_of(pro, reference)
    path = "/consignments/docs/{}/" + f"{reference}/{package}"
    assert "CN23" in _words(await pro.good("GET", path.format("CN23")))
    assert (await pro.call("GET", path.format("CN22"))).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("CN21/{0}/{1}", 400),
        ("CN22/{0}/EP-000-000-000", 404),
        ("CN22/EC-000-000-000/{1}", 404),
        ("EC-000-000-000", 404),
    ],
)
async def test_what_is_not_there_is_refused(pro: Caller, path: str, status: int) -> None:
    reference = await abroad(pro)
    filled: Any = path.format(reference, package_of(pro, reference))
    assert (await pro.call("GET", f"/consignments/docs/{filled}")).status_code == status


async def test_an_unallocated_consignment_has_none(pro: Caller) -> None:
    assert (await pro.call("GET", f"/consignments/docs/{await pro.pack()}")).status_code == 404


async def test_the_invoice_by_itself(pro: Caller) -> None:
    reference = await abroad(pro)
    text = _words(await pro.good("GET", f"/consignments/docs/commercialinvoice/{reference}"))
    assert text.startswith("Commercial invoice")
    assert reference in text
