"""Write Grafana's dashboards: `python deploy/boards/generate.py write`.

`check` instead exits 1 when a committed dashboard differs from what the code says.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from board import Board
from business_board import business_board
from pro_board import pro_board
from service_board import service_board

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"
BOARDS: Mapping[str, Callable[[], Board]] = {
    "business.json": business_board,
    "service.json": service_board,
    "pro.json": pro_board,
}


def main(arguments: list[str]) -> int:
    """Write the dashboards, or check them."""
    if arguments not in (["write"], ["check"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    stale = []
    for name, board in BOARDS.items():
        path, text = FOLDER / name, board().json()
        if arguments == ["write"]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        sys.stderr.write(f"not current: {', '.join(stale)}; run `make schemas`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
