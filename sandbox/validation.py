"""Reading and checking request bodies; every problem is named with its place (RULES 3, 9)."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from sandbox.errors import Code, Detail, Problems, Refusal
from sandbox.goods import PackageInput
from sandbox.models import Address, Dimensions, Model, Weight
from sandbox.reference_data import LOCATIONS, PACKAGE_SIZES, location_fields
from sandbox.words import AddressType

M = TypeVar("M", bound=Model)


def _target(location: Sequence[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def read(model: type[M], body: Any) -> M:
    """The body as `model`; 400 with one detail for each problem."""
    try:
        # By alias only: the Python names must not pass for PRO's.
        return model.model_validate(body, by_alias=True, by_name=False)
    except ValidationError as error:
        details = [
            Detail(
                "Required" if each["type"] == "missing" else "Invalid",
                _target(each["loc"]),
                each["msg"].removeprefix("Value error, "),
            )
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", details) from None


def read_references(body: Any) -> list[str]:
    """A bare list of references, as cancellist and its like take it."""
    if not isinstance(body, list) or not body or not all(isinstance(each, str) for each in body):
        problem = Detail("Invalid", "", "a list of one or more references is wanted")
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [problem])
    return body


def check_size(
    problems: Problems,
    prefix: str,
    weight: Weight | None,
    dimensions: Dimensions | None,
    size_reference: str | None,
) -> None:
    """Weight and dimensions, or a known package size (RULES 11, 20); empty text is none."""
    if size_reference:
        if size_reference not in PACKAGE_SIZES:
            problems.add(
                "UnknownPackageSize",
                f"{prefix}PackageSizeReference",
                f"{size_reference} is not a package size.",
            )
        return
    for name, value in (("Weight", weight), ("Dimensions", dimensions)):
        if value is None:
            problems.add(
                "Required", f"{prefix}{name}", f"{name} or PackageSizeReference is wanted."
            )


def check_packages(problems: Problems, packages: Sequence[PackageInput]) -> None:
    """Packages of an order or a consignment: at least one item each (RULES 11, 19)."""
    for number, package in enumerate(packages):
        check_package(problems, f"Packages[{number}].", package)


def check_package(problems: Problems, prefix: str, package: PackageInput) -> None:
    """One package; `prefix` begins the targets."""
    check_size(problems, prefix, package.weight, package.dimensions, package.package_size_reference)
    if not package.items:
        problems.add("Required", f"{prefix}Items", "A package has one or more items.")


def check_addresses(problems: Problems, addresses: Sequence[Address]) -> None:
    """Origin and Destination, one of them at least a shipping location (RULES 3.2)."""
    kinds: set[AddressType] = set()
    for number, address in enumerate(addresses):
        if address.address_type in kinds:
            problems.add(
                "Duplicate",
                f"Addresses[{number}].AddressType",
                f"{address.address_type.value} is there twice.",
            )
        kinds.add(address.address_type)
        check_address(problems, f"Addresses[{number}].", address)
    for kind in (AddressType.ORIGIN, AddressType.DESTINATION):
        if kind not in kinds:
            problems.add("Required", "Addresses", f"An address of type {kind.value} is wanted.")
    if {AddressType.ORIGIN, AddressType.DESTINATION} <= kinds:
        check_ends(problems, addresses, "Addresses")


def check_ends(problems: Problems, addresses: Sequence[Address], target: str) -> None:
    """Origin, Destination or both are a shipping location (RULES 3.2)."""
    ends = (AddressType.ORIGIN, AddressType.DESTINATION)
    if not any(each.shipping_location_reference for each in addresses if each.address_type in ends):
        problems.add(
            "Required",
            target,
            "Origin, Destination or both must carry a ShippingLocationReference.",
        )


def check_address(problems: Problems, prefix: str, address: Address) -> None:
    """A known shipping location, or the written-out lines; `prefix` begins the targets."""
    location = address.shipping_location_reference
    if location:
        if location not in LOCATIONS:
            problems.add(
                "UnknownShippingLocation",
                f"{prefix}ShippingLocationReference",
                f"{location} is not a shipping location.",
            )
        return
    if not address.address_line1:
        problems.add("Required", f"{prefix}AddressLine1", "AddressLine1 is wanted.")
    code = address.country.code if address.country else ""
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        problems.add(
            "Required",
            f"{prefix}Country.IsoCode.TwoLetterCode",
            "A two-letter country code is wanted.",
        )


def written_out(addresses: Sequence[Address]) -> list[Address]:
    """Addresses with their shipping locations in full, as a consignment has them (RULES 3.2)."""
    full = []
    for address in addresses:
        location = LOCATIONS.get(address.shipping_location_reference or "")
        fields = location_fields(location) if location else {}
        if address.contact is not None:
            fields.pop("contact", None)
        full.append(address.model_copy(update=fields))
    return full


def resolved_size(
    weight: Weight | None, dimensions: Dimensions | None, size_reference: str | None
) -> tuple[Weight, Dimensions]:
    """Weight and dimensions given, else those of the package size; checked before."""
    if size_reference:
        size = PACKAGE_SIZES[size_reference]
        return weight or size.as_weight, dimensions or size.as_dimensions
    if weight is None or dimensions is None:
        raise AssertionError("check_size comes first")
    return weight, dimensions
