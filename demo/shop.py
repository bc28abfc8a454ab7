"""The shop of the demo: what it sells, who buys, and where it sends from. All of it is invented."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Good:
    """One thing the shop sells; weight in kg, size in cm, price in pounds, the customs' code."""

    sku: str
    name: str
    kilograms: float
    size: tuple[float, float, float]
    pounds: float
    harmonisation_code: str


@dataclass(frozen=True)
class Place:
    """A shipping location that is set up in PRO."""

    reference: str
    town: str


LEEDS = Place("LEEDS_DC", "Leeds")
BRISTOL = Place("BRISTOL_WH", "Bristol")
GLASGOW = Place("GLASGOW_STORE", "Glasgow")
PLACES = (LEEDS, BRISTOL, GLASGOW)
NOWHERE = Place("ATLANTIS_DC", "Atlantis")
"""A location that PRO does not know."""

NECKLACE = Good("JWL-NCK-01", "Silver necklace", 0.08, (12, 9, 3), 64.0, "711311")
BRACELET = Good("JWL-BRC-02", "Silver bracelet", 0.06, (10, 8, 3), 38.0, "711311")
COAT = Good("CLO-COA-11", "Wool coat", 1.65, (42, 32, 9), 149.0, "620120")
HAT = Good("CLO-HAT-04", "Felt hat", 0.22, (28, 26, 13), 32.5, "650500")

GOODS = (
    Good("TEA-POT-01", "Stoneware teapot", 1.4, (24, 18, 16), 32.5, "691200"),
    Good("TEA-CUP-04", "Teacup", 0.2, (9, 9, 8), 6.0, "691200"),
    Good("CLO-SCA-07", "Lambswool scarf", 0.18, (25, 18, 5), 28.0, "621420"),
    Good("HOM-CAN-03", "Beeswax candle", 0.35, (8, 8, 12), 14.0, "340600"),
    Good("HOM-THR-02", "Tweed throw", 1.1, (38, 30, 8), 72.0, "630120"),
    Good("HOM-LMP-05", "Brass desk lamp", 2.6, (36, 22, 22), 89.0, "940521"),
    Good("KIT-PAN-09", "Cast-iron pan", 3.1, (44, 28, 7), 54.0, "732391"),
    Good("BOO-GAR-12", "Book of gardens", 0.9, (27, 22, 3), 25.0, "490199"),
    Good("TOY-CHS-01", "Chess set", 1.7, (34, 18, 9), 45.0, "950490"),
    Good("OUT-BAS-06", "Picnic basket", 3.8, (46, 32, 24), 96.0, "460219"),
    Good("GAR-SEE-21", "Box of seeds", 0.12, (16, 11, 4), 9.5, "120991"),
    Good("FUR-ARM-01", "Armchair", 34.0, (82, 78, 96), 420.0, "940161"),
)

LIGHT_GOODS = tuple(good for good in GOODS if good.kilograms < 10)
"""What every carrier service takes."""

FIRST_NAMES = (
    "Ada", "Bashir", "Carys", "Dougal", "Esme", "Farah", "Gwen", "Hamish", "Imogen", "Jamal",
    "Kirsty", "Lorcan", "Mabel", "Nikhil", "Orla", "Piotr", "Rhiannon", "Seth", "Tamsin", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Okafor", "Ashdown", "Bellweather", "Cairns", "Dunmore", "Elphick", "Farrow", "Gillespie",
    "Hargreave", "Iqbal", "Jessop", "Kerr", "Lovelace", "Maddox", "Nwosu", "Oakeshott", "Pryce",
    "Rahman", "Sorley", "Tregenza",
)  # fmt: skip
STREETS = (
    "Quarry Lane", "Mill Street", "Harbour View", "Station Road", "Orchard Close", "Castle Hill",
    "Weavers Row", "Priory Gardens", "Canal Side", "Beech Avenue", "Chapel Walk", "Meadow Rise",
)  # fmt: skip

TOWNS = (
    ("Norwich", "NR1 1AA"),
    ("Sheffield", "S1 2AB"),
    ("Cardiff", "CF10 1AA"),
    ("Aberdeen", "AB10 1AA"),
    ("Exeter", "EX1 1AA"),
    ("Belfast", "BT1 1AA"),
    ("York", "YO1 7AA"),
    ("Swansea", "SA1 1AA"),
    ("Inverness", "IV1 1AA"),
    ("Truro", "TR1 1AA"),
    ("Lincoln", "LN1 1AA"),
    ("Oxford", "OX1 1AA"),
    ("Durham", "DH1 1AA"),
    ("Perth", "PH1 5AA"),
    ("Brighton", "BN1 1AA"),
    ("Chester", "CH1 1AA"),
)

TOWNS_ABROAD = (
    ("Bergen", "5003", "NO"),
    ("Lyon", "69002", "FR"),
    ("Boston", "02108", "US"),
    ("Zurich", "8001", "CH"),
)
