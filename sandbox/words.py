"""The closed word lists of the contract, other than the states of a consignment."""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A word on the wire; read without regard to case, as .NET does, written as listed."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        wanted = value.casefold() if isinstance(value, str) else None
        return next((word for word in cls if word.value.casefold() == wanted), None)


class Direction(Word):
    """Which way the goods travel, seen from the shipper."""

    OUTBOUND = "Outbound"
    INBOUND = "Inbound"


class AddressType(Word):
    """The part an address plays."""

    ORIGIN = "Origin"
    DESTINATION = "Destination"
    RETURN = "Return"
    SENDER = "Sender"
    RECIPIENT = "Recipient"
    IMPORTER = "Importer"


class Source(Word):
    """Where a record came from."""

    API = "Api"
    WEB = "Web"


class ShippingTerms(Word):
    """Trade terms for customs."""

    NONE = "None"
    EXW = "EXW"
    FCA = "FCA"
    CPT = "CPT"
    CIP = "CIP"
    DAT = "DAT"
    DAP = "DAP"
    DDP = "DDP"
    FAS = "FAS"
    FOB = "FOB"
    CFR = "CFR"
    CIF = "CIF"
    DDU = "DDU"


class CategoryType(Word):
    """Customs category of the goods."""

    NONE = "None"
    GIFT = "Gift"
    COMMERCIAL_SAMPLE = "CommercialSample"
    DOCUMENTS = "Documents"
    OTHER = "Other"
    RETURNED_GOODS = "ReturnedGoods"


class ContentClassification(Word):
    """How dangerous or restricted an item is."""

    NOT_SPECIFIED = "NotSpecified"
    UNRESTRICTED = "Unrestricted"
    DANGEROUS = "Dangerous"
    RESTRICTED = "Restricted"
    LIQUID = "Liquid"


class ContentClassificationDetails(Word):
    """Finer classification of an item."""

    NOT_SPECIFIED = "NotSpecified"
    EXPLOSIVE = "Explosive"
    FLAMMABLE = "Flammable"
    TOXIC = "Toxic"
    AEROSOLS = "Aerosols"
    ALCOHOL = "Alcohol"
    BATTERIES = "Batteries"
    ELECTRONICS = "Electronics"
    GUNS = "Guns"
    LIGHTERS = "Lighters"
    NAIL_VARNISH = "NailVarnish"
    PERFUME_OR_AFTERSHAVE = "PerfumeOrAftershave"
    MEDICINE = "Medicine"
    LIVE_ANIMALS = "LiveAnimals"


class BarcodeType(Word):
    """Symbology of a barcode."""

    AUSTRALIA_POSTAL_CODE = "AustraliaPostalCode"
    AZTEC_CODE = "AztecCode"
    CODABAR = "Codabar"
    CODE11 = "Code11"
    CODE128 = "Code128"
    CODE39 = "Code39"
    EXTENDED_CODE39 = "ExtendedCode39"
    CODE93 = "Code93"
    COMPOSITE_CODE = "CompositeCode"
    DATA_MATRIX = "DataMatrix"
    EAN13 = "EAN13"
    EAN8 = "EAN8"
    EAN_BOOKLAND = "EANBookland"
    INDUSTRIAL_2_OF_5 = "Industrial2Of5"
    INTERLEAVED_2_OF_5 = "Interleaved2Of5"
    ITF14 = "ITF14"
    LOGMARS = "LOGMARS"
    MAXICODE = "Maxicode"
    MSI = "MSI"
    OPC = "OPC"
    PDF417 = "PDF417"
    PLESSEY = "Plessey"
    POSTNET = "Postnet"
    QR_CODE = "QRCode"
    SCC14 = "SCC14"
    STANDARD_2_OF_5 = "Standard2Of5"
    UCC_EAN_218 = "UCCEAN218"
    UCC_EAN_SHIPPING_CONTAINER_CODE = "UCCEANShippingContainerCode"
    UPC_SHIPPING_CONTAINER_CODE = "UPCShippingContainerCode"
    UPCA = "UPCA"
    UPCE = "UPCE"
    UNKNOWN = "Unknown"


class LabelFormat(Word):
    """File format of a label."""

    ZPL = "ZPL"
    ZPLII = "ZPLII"
    PDF = "PDF"
    PNG = "PNG"


class PackResult(Word):
    """Outcome words of Pack Order (RULES 3.4)."""

    CREATED = "ConsignmentCreated"
    CREATION_FAILED = "ConsignmentCreationFailed"
    RETURN_CREATED = "ReturnConsignmentCreated"
    RETURN_CREATION_FAILED = "ReturnConsignmentCreationFailed"


class LabelledResult(Word):
    """Outcome words of allocating and labelling in one call."""

    ALLOCATED = "ConsignmentAllocated"
    ALLOCATION_FAILED = "ConsignmentAllocationFailed"
    RETURN_ALLOCATED = "ReturnConsignmentAllocated"
    RETURN_ALLOCATION_FAILED = "ReturnConsignmentAllocationFailed"


class EventKind(Word):
    """Kinds of event that can be asked for."""

    CREATED = "ConsignmentCreated"
    UPDATED = "ConsignmentUpdated"
    LABELS_PRINTED = "LabelsPrinted"
    PACKAGE_ADDED = "PackageAdded"
    PACKAGE_REMOVED = "PackageRemoved"
    PACKAGE_UPDATED = "PackageUpdated"
    RESCHEDULED = "Rescheduled"
