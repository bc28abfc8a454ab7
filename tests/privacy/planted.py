"""Events in which every text that may be personal is a word that is found again anywhere."""

import copy
import hashlib
import re
from typing import Any

from tests.fuzz.mutated import examples, places

from .table import rule_of

Place = tuple[str | int, ...]
WORD = re.compile(r"Qz[0-9a-f]{8}z")
"""What is planted: no word of ours, and none of a language."""
CLOSED = frozenset(
    {"code", "currency", "unit", "type", "category_type", "shipping_terms", "date", "start", "end"}
    | {"utc_offset", "date_time_value", "declaration_date", "invoice_date", "shipping_date", "way"}
    | {"content_classification", "content_classification_details", "country", "direction"}
    | {"country_of_origin", "package_size_reference", "origin", "destination"}
)
"""Fields whose values are not any text."""


def example(name: str, **other: Any) -> dict[str, Any]:
    """A published example that the stand-in of PRO takes, with other values in some fields."""
    made = copy.deepcopy(examples()[name]) | other
    for package in made.get("packages", ()):
        package.pop("package_size_reference", None)
    if "addresses" in made:
        made["addresses"] = [each for each in made["addresses"] if "address_line_1" in each]
    return made


def planted(data: dict[str, Any], salt: str) -> dict[str, Any]:
    """The same event with a word of its own in each field that the ledger must not show."""
    made = copy.deepcopy(data)
    for place in places(data):
        if isinstance(_at(data, place), str) and place[-1] not in CLOSED and _is_sealed(place):
            digest = hashlib.sha256(f"{salt} {place}".encode()).hexdigest()[:8]
            word = f"Qz{digest}z"
            _at(made, place[:-1])[place[-1]] = (
                f"{word}@example.com" if "email" in str(place[-1]) else word
            )
    return made


def _is_sealed(place: Place) -> bool:
    path = ".".join(part for part in place if isinstance(part, str))
    if path.startswith(("items.pro_reference", "reason")):
        return False
    return not rule_of(path).is_kept_in_the_clear


def _at(data: Any, place: Place) -> Any:
    for part in place:
        data = data[part]
    return data


def words_in(said: str | bytes) -> set[str]:
    """What was planted and stands in a text."""
    return set(WORD.findall(said.decode("latin-1") if isinstance(said, bytes) else said))
