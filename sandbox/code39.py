"""Code 39, the barcode of the drawn labels."""

from collections.abc import Iterator

_NARROW, _WIDE = 1, 3

# Nine elements each, bar and space in turn; w is a wide one. (ISO/IEC 16388)
_PATTERNS = {
    "0": "nnnwwnwnn",
    "1": "wnnwnnnnw",
    "2": "nnwwnnnnw",
    "3": "wnwwnnnnn",
    "4": "nnnwwnnnw",
    "5": "wnnwwnnnn",
    "6": "nnwwwnnnn",
    "7": "nnnwnnwnw",
    "8": "wnnwnnwnn",
    "9": "nnwwnnwnn",
    "A": "wnnnnwnnw",
    "B": "nnwnnwnnw",
    "C": "wnwnnwnnn",
    "D": "nnnnwwnnw",
    "E": "wnnnwwnnn",
    "F": "nnwnwwnnn",
    "G": "nnnnnwwnw",
    "H": "wnnnnwwnn",
    "I": "nnwnnwwnn",
    "J": "nnnnwwwnn",
    "K": "wnnnnnnww",
    "L": "nnwnnnnww",
    "M": "wnwnnnnwn",
    "N": "nnnnwnnww",
    "O": "wnnnwnnwn",
    "P": "nnwnwnnwn",
    "Q": "nnnnnnwww",
    "R": "wnnnnnwwn",
    "S": "nnwnnnwwn",
    "T": "nnnnwnwwn",
    "U": "wwnnnnnnw",
    "V": "nwwnnnnnw",
    "W": "wwwnnnnnn",
    "X": "nwnnwnnnw",
    "Y": "wwnnwnnnn",
    "Z": "nwwnwnnnn",
    "-": "nwnnnnwnw",
    "*": "nwnnwnwnn",
}


def bars(text: str, left: float, width: float) -> Iterator[tuple[float, float]]:
    """The bars of `text` between start and stop: where each begins and how wide it is."""
    patterns = [_PATTERNS[each] for each in f"*{text}*"]
    units = sum(_units(pattern) + _NARROW for pattern in patterns) - _NARROW
    unit = width / units
    position = left
    for pattern in patterns:
        for number, element in enumerate(pattern):
            size = (_WIDE if element == "w" else _NARROW) * unit
            if number % 2 == 0:
                yield position, size
            position += size
        position += _NARROW * unit


def _units(pattern: str) -> int:
    return sum(_WIDE if element == "w" else _NARROW for element in pattern)
