"""The command line, `python -m release`. Exit codes: 0 done, 1 it failed, 2 wrong usage."""

import argparse
import os
import sys
from pathlib import Path

from release.build import ROOT, build
from release.programs import Failed, ImagesUnavailable
from release.sbom import bill, check


def main() -> None:
    """Build the image, or write its bill of materials."""
    parser = argparse.ArgumentParser(prog="python -m release")
    jobs = parser.add_subparsers(dest="job", required=True)
    building = jobs.add_parser("image", help="build it with buildah")
    building.add_argument("--name", default="localhost/orderflex:latest")
    building.add_argument("--base", help="an image to stand on; unset, this machine's Debian")
    listing = jobs.add_parser("sbom", help="write what it runs on, as CycloneDX JSON")
    listing.add_argument("--to", type=Path, default=ROOT / "var" / "sbom.cdx.json")
    given = parser.parse_args()
    if given.job == "sbom":
        print(write_bill(given.to))
        return
    try:
        print(build(given.name, given.base))
    except (ImagesUnavailable, Failed) as error:
        print(error, file=sys.stderr)
        sys.exit(1)


def write_bill(to: Path) -> Path:
    """Write the bill of materials of the image's lock to a file."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    text = bill(
        (ROOT / "requirements.lock").read_text(encoding="utf-8"),
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        int(epoch) if epoch else None,
    )
    check(text)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, encoding="utf-8")
    return to


if __name__ == "__main__":
    main()
