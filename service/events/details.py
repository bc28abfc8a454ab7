"""The finer points an order or a pick may carry: custom fields, barcodes, customs, delivery day."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.events.said import Amount, Number, Reference, Said, Text, Time, refuse

BarcodeType = Literal[
    "australia_postal_code",
    "aztec_code",
    "codabar",
    "code_11",
    "code_128",
    "code_39",
    "code_93",
    "composite_code",
    "data_matrix",
    "ean_13",
    "ean_8",
    "ean_bookland",
    "extended_code_39",
    "industrial_2_of_5",
    "interleaved_2_of_5",
    "itf_14",
    "logmars",
    "maxicode",
    "msi",
    "opc",
    "pdf_417",
    "plessey",
    "postnet",
    "qr_code",
    "scc_14",
    "standard_2_of_5",
    "ucc_ean_218",
    "ucc_ean_shipping_container_code",
    "upc_a",
    "upc_e",
    "upc_shipping_container_code",
    "unknown",
]

ContentClassification = Literal[
    "not_specified", "unrestricted", "dangerous", "restricted", "liquid"
]

ContentClassificationDetails = Literal[
    "not_specified",
    "explosive",
    "flammable",
    "toxic",
    "aerosols",
    "alcohol",
    "batteries",
    "electronics",
    "guns",
    "lighters",
    "nail_varnish",
    "perfume_or_aftershave",
    "medicine",
    "live_animals",
]

CategoryType = Literal["none", "gift", "commercial_sample", "documents", "other", "returned_goods"]

ShippingTerms = Literal[
    "none", "exw", "fca", "cpt", "cip", "dat", "dap", "ddp", "fas", "fob", "cfr", "cif", "ddu"
]

References = Annotated[tuple[Text, ...], Field(strict=False, max_length=50)]


class Metadata(Said):
    """A custom field: its key, and at most one value of each kind, at least one of them."""

    key: Reference
    string_value: Text | None = None
    int_value: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    decimal_value: Number | None = None
    date_time_value: Time | None = None
    bool_value: bool | None = None

    @model_validator(mode="after")
    def _has_a_value(self) -> "Metadata":
        if self.model_fields_set <= {"key"}:
            raise refuse(
                "metadata",
                "needs one of string_value, int_value, decimal_value, date_time_value, bool_value",
            )
        return self


MetadataList = Annotated[tuple[Metadata, ...], Field(strict=False, max_length=100)]


class Barcode(Said):
    """A barcode's content and its symbology."""

    code: Text
    type: BarcodeType


class DeliveryWindow(Said):
    """A part of the day, in local time (HH:MM or HH:MM:SS) at an offset such as +01:00."""

    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")]
    end: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")]
    utc_offset: Annotated[str, Field(pattern=r"^[+-]\d\d:\d\d$")] | None = None

    @model_validator(mode="after")
    def _with_seconds(self) -> "DeliveryWindow":
        for name in ("start", "end"):
            said = getattr(self, name)
            object.__setattr__(self, name, said if len(said) == 8 else f"{said}:00")
        if self.start >= self.end:
            raise refuse("window", "must end after it starts")
        return self


class RequiredDeliveryDate(Said):
    """The day the customer wants. `exactly_on_date` leaves only services that deliver that day."""

    date: Time
    delivery_window: DeliveryWindow | None = None
    exactly_on_date: bool = False


class CustomsDocumentation(Said):
    """Facts printed on customs papers; PRO decides which papers a parcel needs."""

    designated_person_responsible: Text | None = None
    importers_vat_number: Text | None = None
    category_type: CategoryType | None = None
    shipper_customs_reference: Text | None = None
    importers_tax_code: Text | None = None
    importers_telephone: Text | None = None
    importers_fax: Text | None = None
    importers_email: Text | None = None
    cn23_comments: Text | None = None
    references_of_attached_invoices: References | None = None
    references_of_attached_certificates: References | None = None
    references_of_attached_licences: References | None = None
    category_type_explanation: Text | None = None
    declaration_date: Time | None = None
    office_of_posting: Text | None = None
    reason_for_export: Text | None = None
    shipping_terms: ShippingTerms | None = None
    shippers_vat_number: Text | None = None
    receivers_tax_code: Text | None = None
    receivers_vat_number: Text | None = None
    invoice_date: Time | None = None
    receivers_shipping_cost: Amount | None = None
