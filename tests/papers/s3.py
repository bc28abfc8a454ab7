"""A server that speaks as S3 does (moto's), in a process of its own."""

import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import httpx
import obstore
from obstore.store import S3Store

from demo.processes import ManagedProcess, free_port

KEY_ID, SECRET = "AKIDTESTS", "s3cr3t-canary"
_SPACE = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}


class S3Server:
    """An S3 endpoint without anything in it. It forgets everything when it is stopped."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._process = ManagedProcess(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            log_file=folder / "s3.log",
            name="S3",
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process.start()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.endpoint}/moto-api/")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"no S3: {self._process.log_file.read_text()}")

    def stop(self) -> None:
        """Stop it; its port answers no more."""
        self._process.stop()

    def make_bucket(self, name: str) -> None:
        """Make an empty bucket."""
        httpx.put(f"{self.endpoint}/{name}").raise_for_status()

    def keys(self, bucket: str) -> list[str]:
        """Name everything in a bucket."""
        answer = httpx.get(f"{self.endpoint}/{bucket}?list-type=2").raise_for_status()
        found = ElementTree.fromstring(answer.content).findall("s3:Contents/s3:Key", _SPACE)  # noqa: S314
        return [key.text or "" for key in found]

    def read(self, address: str) -> tuple[bytes, str]:
        """Read what an address names, `s3://bucket/key`; gives content and media type."""
        bucket, _, key = address.removeprefix("s3://").partition("/")
        store = S3Store(
            bucket,
            endpoint=self.endpoint,
            access_key_id="reader",
            secret_access_key="reader",
            client_options={"allow_http": True},
        )
        found = obstore.get(store, key)
        return bytes(found.bytes()), found.attributes["Content-Type"]
