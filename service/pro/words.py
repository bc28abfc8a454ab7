"""Our words for PRO's closed lists, as data (openapi.yaml: enums). The only place with both."""

from collections.abc import Mapping
from typing import Final

_ACRONYMS: Final[Mapping[str, str]] = {
    "ean_13": "EAN13",
    "ean_8": "EAN8",
    "ean_bookland": "EANBookland",
    "itf_14": "ITF14",
    "logmars": "LOGMARS",
    "msi": "MSI",
    "opc": "OPC",
    "pdf_417": "PDF417",
    "qr_code": "QRCode",
    "scc_14": "SCC14",
    "ucc_ean_218": "UCCEAN218",
    "ucc_ean_shipping_container_code": "UCCEANShippingContainerCode",
    "upc_a": "UPCA",
    "upc_e": "UPCE",
    "upc_shipping_container_code": "UPCShippingContainerCode",
    "industrial_2_of_5": "Industrial2Of5",
    "interleaved_2_of_5": "Interleaved2Of5",
    "standard_2_of_5": "Standard2Of5",
}
"""Barcode types whose letters can't be guessed from ours."""


def barcode_type(word: str) -> str:
    """`code_128` → `Code128`, `ean_13` → `EAN13`"""
    return _ACRONYMS.get(word) or pascal(word)


def shipping_terms(word: str) -> str:
    """`ddp` → `DDP`; `none` → `None`"""
    return "None" if word == "none" else word.upper()


def pascal(word: str) -> str:
    """`commercial_sample` → `CommercialSample`: categories, classifications, address types."""
    return "".join(part.capitalize() for part in word.split("_"))
