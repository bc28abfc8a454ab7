"""Papers in a bucket, on a real S3 endpoint: what is told when it goes wrong, and what never is."""

import socket
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.papers.bucket import BucketPolicy, PaperBucket
from service.papers.paper import NotStored

from .s3 import KEY_ID, SECRET, S3Server
from .test_stores import LABELS


@pytest.fixture
def policy(s3: S3Server) -> BucketPolicy:
    """A bucket of the test's own."""
    bucket = f"papers-{uuid.uuid4().hex[:8]}"
    s3.make_bucket(bucket)
    return BucketPolicy(
        bucket,
        endpoint=s3.endpoint,
        region="eu-west-2",
        access_key_id=SecretStr(KEY_ID),
        secret_access_key=SecretStr(SECRET),
    )


async def test_the_store_knows_what_kind_of_file_it_is(s3: S3Server, policy: BucketPolicy) -> None:
    address = await PaperBucket(policy).save(LABELS)
    assert s3.read(address)[1] == "application/pdf"


async def test_a_large_paper_is_one_object(s3: S3Server, policy: BucketPolicy) -> None:
    large = replace(LABELS, content=bytes(12_000_000))
    address = await PaperBucket(policy).save(large)
    assert len(s3.read(address)[0]) == 12_000_000


async def test_a_bucket_that_is_not_there_is_said_without_the_key(policy: BucketPolicy) -> None:
    with pytest.raises(NotStored, match="NotFoundError") as told:
        await PaperBucket(replace(policy, bucket="nobody-made-it")).save(LABELS)
    assert KEY_ID not in str(told.value)
    assert SECRET not in str(told.value)
    assert told.value.__suppress_context__


async def test_a_store_that_is_down_fails_at_once_and_takes_papers_when_it_is_back(
    tmp_path: Path, policy: BucketPolicy
) -> None:
    server = S3Server(tmp_path)
    store = PaperBucket(replace(policy, endpoint=server.endpoint))
    began = time.monotonic()
    with pytest.raises(NotStored, match="GenericError"):
        await store.save(LABELS)
    assert time.monotonic() - began < 5  # nothing below tries again
    server.start()
    try:
        server.make_bucket(policy.bucket)
        assert server.read(await store.save(LABELS))[0] == LABELS.content
    finally:
        server.stop()


async def test_a_store_that_never_answers_is_given_up(policy: BucketPolicy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(NotStored):
            await PaperBucket(replace(policy, endpoint=endpoint, timeout=0.3)).save(LABELS)
        assert time.monotonic() - began < 5


async def test_keys_and_endpoint_come_from_the_usual_environment_where_none_are_set(
    s3: S3Server, policy: BucketPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_ALLOW_HTTP": "true",
    }
    for name, value in usual.items():
        monkeypatch.setenv(name, value)
    address = await PaperBucket(BucketPolicy(policy.bucket)).save(LABELS)
    assert s3.read(address)[0] == LABELS.content


def test_a_policy_shows_no_key(policy: BucketPolicy) -> None:
    assert KEY_ID not in repr(policy)
    assert SECRET not in repr(policy)
