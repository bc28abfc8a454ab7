"""The worked sample of PRO's written rules (RULES 12), word for word."""

from typing import Any

ORDER: dict[str, Any] = {
    "OrderReferenceProvidedByCustomer": "WEB-204817",
    "Source": "Api",
    "Direction": "Outbound",
    "RequiredDeliveryDate": {
        "Date": "2026-03-06T00:00:00+00:00",
        "IsToBeExactlyOnTheDateSpecified": False,
    },
    "Packages": [
        {
            "PackageReferenceProvidedByCustomer": "WEB-204817-A",
            "Description": "Tea set",
            "Value": {"Amount": 48.5, "Currency": {"IsoCode": "GBP"}},
            "Weight": {"Value": 2.2, "Unit": "Kg"},
            "Dimensions": {"Unit": "Cm", "Width": 30, "Length": 40, "Height": 20},
            "Items": [
                {
                    "Sku": "TEA-POT-01",
                    "ItemReferenceProvidedByCustomer": "WEB-204817-1",
                    "Description": "Stoneware pot",
                    "Quantity": 1,
                    "Weight": {"Value": 1.4, "Unit": "Kg"},
                    "Dimensions": {"Unit": "Cm", "Width": 18, "Length": 24, "Height": 16},
                    "Value": {"Amount": 32.5, "Currency": {"IsoCode": "GBP"}},
                    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "GB"}},
                    "HarmonisationCode": "691200",
                },
                {
                    "Sku": "TEA-CUP-04",
                    "ItemReferenceProvidedByCustomer": "WEB-204817-2",
                    "Description": "Stoneware cup",
                    "Quantity": 4,
                    "Weight": {"Value": 0.2, "Unit": "Kg"},
                    "Dimensions": {"Unit": "Cm", "Width": 9, "Length": 9, "Height": 8},
                    "Value": {"Amount": 4, "Currency": {"IsoCode": "GBP"}},
                    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "GB"}},
                },
            ],
        }
    ],
    "Addresses": [
        {"AddressType": "Origin", "ShippingLocationReference": "LEEDS_DC", "IsCached": False},
        {
            "AddressType": "Destination",
            "Contact": {
                "Title": "Ms",
                "FirstName": "Ada",
                "LastName": "Okafor",
                "Mobile": "07700900123",
                "Email": "ada.okafor@example.com",
            },
            "AddressLine1": "4 Quarry Lane",
            "Town": "Norwich",
            "Region": "Norfolk",
            "Postcode": "NR1 1AA",
            "Country": {"Name": "United Kingdom", "IsoCode": {"TwoLetterCode": "GB"}},
        },
    ],
    "MetaData": [
        {"KeyValue": "Channel", "StringValue": "web"},
        {"KeyValue": "Basket", "IntValue": 91822},
    ],
    "Tags": ["Fragile"],
}

ORDER_ANSWER: list[dict[str, Any]] = [
    {"Rel": "Order", "Href": "https://apisandbox.electioapp.com/orders/EO-000-00A-7QK"}
]

PACK: dict[str, Any] = {
    "OrderReference": "EO-000-00A-7QK",
    "OrderReferenceProvidedByCustomer": "WEB-204817-P1",
    "GenerateReturn": False,
    "Packages": [
        {
            "Weight": {"Value": 2.3, "Unit": "Kg"},
            "Dimensions": {"Unit": "Cm", "Width": 30, "Length": 40, "Height": 20},
            "Items": [
                {"ItemReferenceProvidedByCustomer": "WEB-204817-1", "Quantity": 1},
                {"Sku": "TEA-CUP-04", "Quantity": 4},
            ],
        }
    ],
    "MetaData": [{"KeyValue": "PickId", "StringValue": "pick-1"}],
}

PACK_ANSWER: dict[str, Any] = {
    "Results": [
        {
            "Result": "ConsignmentCreated",
            "ApiLinks": [
                {
                    "Rel": "Consignment",
                    "Href": "https://apisandbox.electioapp.com/consignments/EC-000-07C-2HX",
                }
            ],
        }
    ]
}

PACK_ERROR: dict[str, Any] = {
    "Code": "ValidationError",
    "Message": "The request is not valid.",
    "CorrelationId": "5b0e1f0c9d",
    "Details": [
        {
            "Code": "ItemNotOnOrder",
            "Target": "Packages[0].Items[1].Sku",
            "Message": "TEA-CUP-04 is not part of the order.",
        }
    ],
}

ALLOCATE: dict[str, Any] = {"ConsignmentReferences": ["EC-000-07C-2HX", "EC-000-07C-2HY"]}

ALLOCATE_ANSWER: list[dict[str, Any]] = [
    {
        "StatusCode": 200,
        "ApiLinks": [
            {
                "Rel": "detail",
                "Href": "https://apisandbox.electioapp.com/consignments/EC-000-07C-2HX",
            },
            {"Rel": "label", "Href": "https://apisandbox.electioapp.com/labels/EC-000-07C-2HX"},
        ],
        "Description": "Allocated to Northline Parcel 24",
        "ConsignmentLegs": [
            {
                "Leg": 1,
                "TrackingReferences": ["NL0081733155"],
                "CarrierReference": "NORTHLINE",
                "CarrierServiceReference": None,
                "CarrierName": "Northline",
            }
        ],
        "CarrierReference": "NORTHLINE",
        "CarrierName": "Northline",
        "CarrierServiceReference": "NL_P24",
        "CarrierServiceName": "Parcel 24",
    },
    {
        "StatusCode": 400,
        "ApiLinks": [
            {
                "Rel": "detail",
                "Href": "https://apisandbox.electioapp.com/consignments/EC-000-07C-2HY",
            }
        ],
        "Description": "No service can take the consignment",
        "ConsignmentLegs": [],
        "CarrierReference": None,
        "CarrierName": None,
        "CarrierServiceReference": None,
        "CarrierServiceName": None,
    },
]

LABELS_ANSWER: dict[str, Any] = {"File": "JVBERi0xLjQKJQ==", "ContentType": "application/pdf"}

MANIFEST: dict[str, Any] = {
    "ShippingLocationReferences": ["LEEDS_DC"],
    "States": ["Allocated", "ManifestFailed"],
    "Carriers": ["NORTHLINE"],
    "ShippingDateRanges": {"StartDate": "2026-03-04T00:00:00", "EndDate": "2026-03-05T00:00:00"},
}

MANIFEST_ANSWER: dict[str, Any] = {
    "Message": "3 matched, 2 queued, 1 not queued",
    "FailedConsignments": ["EC-000-07C-2J1"],
}
