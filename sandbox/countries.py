"""Countries by code: PRO rewrites the name that came in to its own (RULES 3.2)."""

from types import MappingProxyType
from typing import NamedTuple


class KnownCountry(NamedTuple):
    """What PRO fills in for a two-letter code."""

    three_letter_code: str
    numeric_code: str
    name: str


_LINES = """
AE ARE 784 United Arab Emirates
AR ARG 032 Argentina
AT AUT 040 Austria
AU AUS 036 Australia
BA BIH 070 Bosnia and Herzegovina
BD BGD 050 Bangladesh
BE BEL 056 Belgium
BG BGR 100 Bulgaria
BR BRA 076 Brazil
CA CAN 124 Canada
CH CHE 756 Switzerland
CL CHL 152 Chile
CN CHN 156 China
CO COL 170 Colombia
CY CYP 196 Cyprus
CZ CZE 203 Czech Republic
DE DEU 276 Germany
DK DNK 208 Denmark
EE EST 233 Estonia
EG EGY 818 Egypt
ES ESP 724 Spain
FI FIN 246 Finland
FR FRA 250 France
GB GBR 826 United Kingdom
GG GGY 831 Guernsey
GI GIB 292 Gibraltar
GR GRC 300 Greece
HK HKG 344 Hong Kong
HR HRV 191 Croatia
HU HUN 348 Hungary
ID IDN 360 Indonesia
IE IRL 372 Ireland
IL ISR 376 Israel
IM IMN 833 Isle of Man
IN IND 356 India
IS ISL 352 Iceland
IT ITA 380 Italy
JE JEY 832 Jersey
JP JPN 392 Japan
KE KEN 404 Kenya
KR KOR 410 South Korea
LI LIE 438 Liechtenstein
LK LKA 144 Sri Lanka
LT LTU 440 Lithuania
LU LUX 442 Luxembourg
LV LVA 428 Latvia
MA MAR 504 Morocco
MC MCO 492 Monaco
ME MNE 499 Montenegro
MT MLT 470 Malta
MX MEX 484 Mexico
MY MYS 458 Malaysia
NG NGA 566 Nigeria
NL NLD 528 Netherlands
NO NOR 578 Norway
NZ NZL 554 New Zealand
PE PER 604 Peru
PH PHL 608 Philippines
PK PAK 586 Pakistan
PL POL 616 Poland
PT PRT 620 Portugal
QA QAT 634 Qatar
RO ROU 642 Romania
RS SRB 688 Serbia
SA SAU 682 Saudi Arabia
SE SWE 752 Sweden
SG SGP 702 Singapore
SI SVN 705 Slovenia
SK SVK 703 Slovakia
TH THA 764 Thailand
TR TUR 792 Turkey
TW TWN 158 Taiwan
UA UKR 804 Ukraine
US USA 840 United States
VN VNM 704 Vietnam
ZA ZAF 710 South Africa
"""

COUNTRIES = MappingProxyType(
    {
        two: KnownCountry(three, numeric, name)
        for two, three, numeric, name in (
            line.split(maxsplit=3) for line in _LINES.strip().splitlines()
        )
    }
)
"""By two-letter code. A code that is not here keeps the name it came with."""
