"""Drawing labels as real PDF, PNG and ZPL files, one page each package."""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from sandbox.code39 import bars
from sandbox.records import Consignment
from sandbox.words import AddressType

_WIDTH, _HEIGHT = 105, 148
"""Millimetres: A6."""
USUAL_RESOLUTION = 203
"""Dots per inch of a usual label printer: 8 per millimetre."""
_DOTS = 8


@dataclass(frozen=True, slots=True)
class LabelContent:
    """What stands on the label of one package."""

    carrier: str
    service: str
    tracking_reference: str
    consignment_reference: str
    customer_reference: str
    address: tuple[str, ...]
    sender: str
    package: str
    kilograms: float
    tags: tuple[str, ...]

    @property
    def small_print(self) -> tuple[str, ...]:
        """The lines under the barcode."""
        lines = (
            f"{self.consignment_reference}  package {self.package}  {self.kilograms:g} Kg",
            f"Ref {self.customer_reference}" if self.customer_reference else "",
            f"From {self.sender}" if self.sender else "",
            ", ".join(self.tags),
        )
        return tuple(line for line in lines if line)


def contents_of(consignment: Consignment) -> list[LabelContent]:
    """A label for each package of an allocated consignment."""
    allocation = consignment.allocation
    if allocation is None:
        raise AssertionError("a state with labels has an allocation")
    count = len(consignment.packages)
    return [
        LabelContent(
            carrier=allocation.service.carrier.name,
            service=allocation.service.name,
            tracking_reference=package.consignment_legs[0].tracking_references[0],
            consignment_reference=consignment.reference,
            customer_reference=consignment.customer_reference,
            address=address_lines(consignment, AddressType.DESTINATION),
            sender=", ".join(address_lines(consignment, AddressType.ORIGIN)[-4:]),
            package=f"{number} of {count}",
            kilograms=round(package.weight.kilograms, 3),
            tags=tuple(consignment.tags),
        )
        for number, package in enumerate(consignment.packages, start=1)
    ]


def address_lines(consignment: Consignment, kind: AddressType) -> tuple[str, ...]:
    """An address as it is printed; empty when there is none."""
    address = consignment.address(kind)
    if address is None:
        return ()
    contact = address.contact
    person = (contact.title, contact.first_name, contact.last_name) if contact else ()
    lines = (
        " ".join(part for part in person if part),
        address.company_name,
        address.address_line1,
        address.address_line2,
        address.address_line3,
        address.town,
        address.region,
        address.postcode,
        address.country.name if address.country else None,
    )
    return tuple(line for line in lines if line)


def latin(text: str) -> str:
    """The text as far as the fonts that are built into PDF can print it."""
    # They know Latin-1 only; a real carrier transliterates too.
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        text = unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode("ascii")
    return text


def pdf_file(labels: Sequence[LabelContent]) -> bytes:
    """A PDF with a page for each label."""
    pdf = FPDF(unit="mm", format=(_WIDTH, _HEIGHT))
    pdf.set_auto_page_break(False)
    pdf.set_margins(8, 8)
    pdf.set_title(f"Labels of {labels[0].consignment_reference}" if labels else "Labels")
    for label in labels:
        pdf.add_page()
        pdf.set_font("Helvetica", style="B", size=16)
        pdf.text(8, 14, latin(f"{label.carrier}  {label.service}"))
        pdf.line(8, 18, _WIDTH - 8, 18)
        pdf.set_font("Helvetica", size=12)
        for row, line in enumerate(label.address):
            pdf.text(8, 26 + row * 6, latin(line))
        for start, width in bars(label.tracking_reference, 8, _WIDTH - 16):
            pdf.rect(start, 88, width, 24, style="F")
        pdf.set_font("Courier", size=12)
        pdf.text(8, 118, label.tracking_reference)
        pdf.set_font("Helvetica", size=8)
        for row, line in enumerate(label.small_print):
            pdf.text(8, 126 + row * 5, latin(line))
    return bytes(pdf.output())


def png_file(labels: Sequence[LabelContent], resolution: int = USUAL_RESOLUTION) -> bytes:
    """One picture: the labels under each other, since a PNG has no pages."""
    dots = resolution / USUAL_RESOLUTION
    width, height = round(_WIDTH * _DOTS * dots), round(_HEIGHT * _DOTS * dots)
    picture = Image.new("1", (width, height * max(len(labels), 1)), 1)
    draw = ImageDraw.Draw(picture)
    large, normal, small = (ImageFont.load_default(size * dots) for size in (44.0, 34.0, 22.0))
    for number, label in enumerate(labels):
        top, left = number * height, 8 * _DOTS * dots
        draw.text((left, top + 60 * dots), f"{label.carrier}  {label.service}", 0, large)
        for row, line in enumerate(label.address):
            draw.text((left, top + (170 + row * 46) * dots), line, 0, normal)
        for start, thickness in bars(label.tracking_reference, left, width - 2 * left):
            end = start + max(thickness, 1) - 1
            box = (round(start), round(top + 704 * dots), round(end), round(top + 896 * dots))
            draw.rectangle(box, fill=0)
        draw.text((left, top + 910 * dots), label.tracking_reference, 0, normal)
        for row, line in enumerate(label.small_print):
            draw.text((left, top + (980 + row * 34) * dots), line, 0, small)
    file = io.BytesIO()
    picture.save(file, format="PNG", dpi=(resolution, resolution))
    return file.getvalue()


def zpl_file(labels: Sequence[LabelContent], resolution: int = USUAL_RESOLUTION) -> bytes:
    """ZPL text: from ^XA to ^XZ for each label, in UTF-8 (^CI28)."""

    def dots(number: int) -> int:
        return max(1, round(number * resolution / USUAL_RESOLUTION))

    def text(top: int, size: int, line: str) -> str:
        font = f"^A0N,{dots(size)},{dots(size)}"
        return f"^FO{dots(60)},{dots(top)}{font}^FH^FD{_field(line)}^FS"

    lines: list[str] = []
    for label in labels:
        lines += ["^XA", "^CI28", f"^PW{dots(_WIDTH * _DOTS)}"]
        lines.append(text(50, 48, f"{label.carrier}  {label.service}"))
        lines += [text(150 + row * 46, 36, line) for row, line in enumerate(label.address)]
        bar = f"^BY{dots(3)}^BCN,{dots(190)},Y,N,N"
        lines.append(f"^FO{dots(60)},{dots(700)}{bar}^FD{label.tracking_reference}^FS")
        lines += [text(980 + row * 34, 26, line) for row, line in enumerate(label.small_print)]
        lines.append("^XZ")
    return ("\n".join(lines) + "\n").encode()


def _field(text: str) -> str:
    """Field data after ^FH: the characters that begin commands are written in hex."""
    return "".join(f"_{ord(each):02X}" if each in "^~_\\\r\n" else each for each in text)
