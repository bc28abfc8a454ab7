"""How much is tried: a part of it in `make test`, as much as one likes in `make fuzz`."""

import os

EVENTS = int(os.environ.get("FUZZ_EVENTS", "10000"))
"""Mutated events, through the whole service in process."""
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "20"))
"""Generated requests of each operation of the API."""
ANSWERS = int(os.environ.get("FUZZ_ANSWERS", "400"))
"""Mutated answers of PRO, through the whole service in process."""
