"""Drawing customs papers as real PDF files, with the facts that the guides ask for (RULES 7)."""

from collections.abc import Sequence

from fpdf import FPDF

from sandbox.goods import Item, Package
from sandbox.label_files import address_lines, latin
from sandbox.records import Consignment, total_value
from sandbox.words import AddressType

_LEFT, _ROW = 12, 6


def invoice(consignment: Consignment) -> bytes:
    """The commercial invoice of all packages."""
    customs = consignment.customs_documentation
    facts = [
        ("Reason for export", customs.reason_for_export if customs else None),
        ("Shipper's VAT number", customs.shippers_vat_number if customs else None),
        ("Terms", customs.shipping_terms.value if customs else None),
        ("Shipper's EORI", _meta(consignment, "ShippersEORI")),
        ("Receiver's EORI", _meta(consignment, "ReceiversEORI")),
    ]
    items = [item for package in consignment.packages for item in package.items]
    total = total_value(consignment.packages).amount
    return _paper("Commercial invoice", consignment, facts, items, f"Total {total:g}")


def customs_form(form: str, consignment: Consignment, package: Package) -> bytes:
    """The CN22 or CN23 of one package."""
    customs = consignment.customs_documentation
    facts = [
        ("Package", package.reference),
        ("Contents", package.description),
        ("Category", customs.category_type.value if customs else None),
        ("Comments", customs.cn23_comments if customs else None),
        ("Responsible", customs.designated_person_responsible if customs else None),
    ]
    end = f"{package.weight.kilograms:g} Kg, value {package.value.amount:g}"
    return _paper(f"Customs declaration {form}", consignment, facts, package.items, end)


def _meta(consignment: Consignment, key: str) -> str | None:
    return next(
        (each.string_value for each in consignment.meta_data or () if each.key_value == key), None
    )


def _paper(
    title: str,
    consignment: Consignment,
    facts: Sequence[tuple[str, str | None]],
    items: Sequence[Item],
    end: str,
) -> bytes:
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_title(f"{title} {consignment.reference}")
    pdf.add_page()
    pdf.set_font("Helvetica", style="B", size=16)
    pdf.text(_LEFT, 16, title)
    pdf.set_font("Helvetica", size=10)
    lines = [f"Consignment {consignment.reference}", ""]
    for name, kind in (("From", AddressType.ORIGIN), ("To", AddressType.DESTINATION)):
        lines += [f"{name}: {', '.join(address_lines(consignment, kind))}"]
    lines += ["", *(f"{name}: {text}" for name, text in facts if text), ""]
    lines += [_line(item) for item in items]
    lines += ["", end]
    for row, line in enumerate(lines):
        pdf.text(_LEFT, 26 + row * _ROW, latin(line))
    return bytes(pdf.output())


def _line(item: Item) -> str:
    origin = item.country_of_origin.code if item.country_of_origin else "?"
    code = item.harmonisation_code or "?"
    return (
        f"{item.quantity} x {item.description or item.sku or ''}, HS {code}"
        f", from {origin}, {item.weight.kilograms:g} Kg, {item.value.amount:g} each"
    )
