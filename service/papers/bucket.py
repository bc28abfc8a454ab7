"""Papers in a bucket of S3, or of a store that speaks as S3 does."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import SecretStr

from service.papers.paper import MOST_BYTES, NotStored, NotThere, Paper

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config


@dataclass(frozen=True)
class BucketPolicy:
    """Where the bucket is. What is None is taken from AWS's usual environment (variables, the
    role of a pod or a machine)."""

    bucket: str
    prefix: str = ""
    """Stands before the path of every paper; without slashes at its ends."""
    endpoint: str | None = None
    region: str | None = None
    access_key_id: SecretStr | None = field(default=None, repr=False)
    secret_access_key: SecretStr | None = field(default=None, repr=False)
    timeout: float = 20.0
    """Seconds to store or read one paper."""


class PaperBucket:
    """Keeps papers as objects. The address is `s3://bucket/…`, the key as it stands."""

    def __init__(self, policy: BucketPolicy) -> None:
        """Connect to nothing yet; raises ValueError when a bucket can't be named so."""
        self._policy = policy
        self._root = "/".join(part for part in (f"s3://{policy.bucket}", policy.prefix) if part)
        self._store = self._connected(policy)

    def use_keys(self, access_key_id: SecretStr, secret_access_key: SecretStr) -> None:
        """Store with other keys from now on; empty ones are left to AWS's usual environment."""
        self._policy = replace(
            self._policy,
            access_key_id=access_key_id or None,
            secret_access_key=secret_access_key or None,
        )
        self._store = self._connected(self._policy)

    @staticmethod
    def _connected(policy: BucketPolicy) -> S3Store:
        options: ClientConfig = {
            "timeout": timedelta(seconds=policy.timeout),
            # AWS's own endpoints are https; one from the environment is taken as it stands.
            "allow_http": policy.endpoint is None or policy.endpoint.startswith("http://"),
        }
        try:
            return S3Store(
                policy.bucket,
                prefix=policy.prefix or None,
                config=_config(policy),
                client_options=options,
                retry_config={"max_retries": 0},  # intake alone tries again
            )
        except (BaseError, ValueError) as error:
            raise ValueError(f"no store can be made of it ({type(error).__name__})") from None

    async def save(self, paper: Paper) -> str:
        """Store a paper; see PaperStore."""
        try:
            await obstore.put_async(
                self._store,
                paper.path,
                paper.content,
                attributes={"Content-Type": paper.content_type},
                use_multipart=False,  # one request: it is there whole or not at all
            )
        except (BaseError, OSError) as error:
            # The error's own text quotes the store's answer, which may name our key.
            raise NotStored(f"the bucket does not take it: {type(error).__name__}") from None
        return f"{self._root}/{paper.path}"

    async def read(self, address: str) -> bytes:
        """Read a paper; see PaperStore."""
        within, _, path = address.partition(f"{self._root}/")
        if within or not path or {"", ".", ".."} & set(path.split("/")):
            raise NotThere("it lies in another store than the one that is set now")
        try:
            found = await obstore.get_async(self._store, path)
            if found.meta["size"] > MOST_BYTES:
                raise NotThere("it is no paper")
            return bytes(await found.bytes_async())
        except (BaseError, OSError) as error:
            raise NotThere(f"the bucket does not give it: {type(error).__name__}") from None


def _config(policy: BucketPolicy) -> "S3Config":
    config: S3Config = {}
    if policy.endpoint is not None:
        config["endpoint"] = policy.endpoint
    if policy.region is not None:
        config["region"] = policy.region
    if policy.access_key_id is not None:
        config["access_key_id"] = policy.access_key_id.get_secret_value()
    if policy.secret_access_key is not None:
        config["secret_access_key"] = policy.secret_access_key.get_secret_value()
    return config
