"""The image, built once for all tests of it; where none can be built they are skipped."""

import pytest

from release.build import Image, build
from release.programs import ImagesUnavailable
from tests.conftest import Tell


@pytest.fixture(scope="session")
def image(tell: Tell) -> Image:
    """The image of this checkout, on a base of this machine's Debian."""
    try:
        built = build("localhost/orderflex:tested")
    except ImagesUnavailable as why:
        pytest.skip(f"no image can be built and run here: {why}")
    tell(str(built))
    return built
