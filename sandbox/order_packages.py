"""Packages of an order, by the routes that only the SDK knows (RULES 11, 18).

The help page has no way to change them; nobody should rely on these, and they are here for who
does. What was packed before stays as it is.
"""

from collections.abc import Sequence

from sandbox.errors import Problems
from sandbox.exchange import Answer, Call
from sandbox.goods import Item, OrderPackageInput, PackageInput
from sandbox.models import Money, Weight
from sandbox.orders import kept_packages
from sandbox.records import Order
from sandbox.requests import DeleteOrderPackagesRequest, OrderPackagesRequest
from sandbox.validation import check_package, read

_FILLED_IN = "Package"
"""The description of a package that was sent without one, whose items have none."""


def add_order_packages(call: Call) -> Answer:
    """POST /orders/addorderpackages: packages without a reference."""
    request = read(OrderPackagesRequest, call.body)
    order = call.state.order(request.order_reference)
    problems = Problems()
    for number, package in enumerate(request.order_packages):
        if package.reference:
            told = "is for a package that the order has; change it with updateorderpackages"
            problems.add("Invalid", f"OrderPackages[{number}].Reference", told)
    packages = _checked(problems, request.order_packages)
    order.packages = [*order.packages, *kept_packages(packages, call.state.references)]
    call.state.changed(order)
    return Answer(201, body=True)


def update_order_packages(call: Call) -> Answer:
    """PUT /orders/updateorderpackages: packages that the order has, replaced whole."""
    request = read(OrderPackagesRequest, call.body)
    order = call.state.order(request.order_reference)
    problems = Problems()
    for number, package in enumerate(request.order_packages):
        target = f"OrderPackages[{number}].Reference"
        _check_known(problems, target, order, package.reference)
        if package.reference in {each.reference for each in request.order_packages[:number]}:
            problems.add("Duplicate", target, f"{package.reference} is there twice.")
    packages = _checked(problems, request.order_packages)
    changed = {
        each.reference: each
        for each in kept_packages(packages, call.state.references, order.packages)
    }
    order.packages = [changed.get(each.reference, each) for each in order.packages]
    call.state.changed(order)
    return Answer(200, body=True)


def delete_order_packages(call: Call) -> Answer:
    """POST /orders/deleteorderpackages: an order keeps one package at least."""
    request = read(DeleteOrderPackagesRequest, call.body)
    order = call.state.order(request.order_reference)
    problems = Problems()
    for number, reference in enumerate(request.order_package_references):
        _check_known(problems, f"OrderPackageReferences[{number}]", order, reference)
    gone = set(request.order_package_references)
    kept = [each for each in order.packages if each.reference not in gone]
    if not kept:
        told = "An order has one or more packages."
        problems.add("LastPackage", "OrderPackageReferences", told)
    problems.raise_any()
    order.packages = kept
    call.state.changed(order)
    return Answer(200, body=True)


def _check_known(problems: Problems, target: str, order: Order, reference: str | None) -> None:
    if reference not in {each.reference for each in order.packages}:
        told = f"{reference or 'A package without a reference'} is not a package of the order."
        problems.add("UnknownPackage", target, told)


def _checked(problems: Problems, packages: Sequence[OrderPackageInput]) -> list[PackageInput]:
    filled = [_filled_in(each) for each in packages]
    for number, package in enumerate(filled):
        check_package(problems, f"OrderPackages[{number}].", package)
    problems.raise_any()
    return filled


def _filled_in(package: OrderPackageInput) -> PackageInput:
    """With what the order's package type derives from the items (RULES 11, 20)."""
    items = package.items
    fields = dict(package)
    fields["description"] = package.description or next(
        (each.description for each in items if each.description), _FILLED_IN
    )
    fields["value"] = package.value or _value_of(items)
    if package.weight is None and items and not package.package_size_reference:
        kilograms = sum(each.weight.kilograms * each.quantity for each in items)
        fields["weight"] = Weight(value=round(kilograms, 4))
    return PackageInput(**fields)


def _value_of(items: Sequence[Item]) -> Money:
    currency = next((each.value.currency for each in items if each.value.currency), None)
    amount = sum(each.value.amount * each.quantity for each in items)
    return Money(amount=round(amount, 4), currency=currency)
