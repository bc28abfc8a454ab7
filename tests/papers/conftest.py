"""One S3 endpoint for the tests of the stores."""

from collections.abc import Iterator

import pytest

from .s3 import S3Server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 endpoint: use a bucket of your own, and never stop it."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()
