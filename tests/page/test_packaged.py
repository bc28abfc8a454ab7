"""The page's templates and its sheet travel with the package."""

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from tests.promises.pages import ROOT


def test_the_wheel_holds_all_that_the_page_is_made_of(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as opened:
        packed = set(opened.namelist())
    page = ROOT / "service" / "page"
    parts = {
        str(path.relative_to(ROOT))
        for folder in ("templates", "static")
        for path in (page / folder).iterdir()
    }
    assert len(parts) > 10
    assert parts <= packed
