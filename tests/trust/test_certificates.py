"""Certificates are verified, and those that are replaced are taken up for the next connection."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.tls import BadTls, ClientTls, TlsPolicy, failed_handshake

from .certificates import KEY_PASSWORD, Authority, Certificate


@asynccontextmanager
async def server(
    identity: Certificate, clients: Authority | None = None
) -> AsyncIterator[tuple[str, int]]:
    """Say the name of whoever comes; `clients` signs those that are let in."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity.both)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.file)

    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        subject = (writer.get_extra_info("peercert") or {}).get("subject", ())
        names = {name: value for part in subject for name, value in part}
        writer.write(f"hello {names.get('commonName', 'stranger')}".encode())
        writer.close()

    listener = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[:2]
    finally:
        listener.close()
        await asyncio.sleep(0.05)


async def greeting(address: tuple[str, int], tls: ClientTls, name: str = "127.0.0.1") -> str:
    """What the server says, or why it can't be spoken to."""
    writer = None
    try:
        reader, writer = await asyncio.open_connection(
            *address, ssl=tls.context, server_hostname=name
        )
        return (await reader.read()).decode()
    except (ssl.SSLError, ConnectionError) as error:
        return failed_handshake(error) or type(error).__name__
    finally:
        if writer is not None:
            writer.close()
        await asyncio.sleep(0.02)


async def test_only_who_is_signed_by_whom_we_trust_is_spoken_to(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    async with server(ours.certificate("server", "127.0.0.1")) as address:
        assert await greeting(address, ClientTls(TlsPolicy(ours.file))) == "hello stranger"
        for policy in (TlsPolicy(other.file), TlsPolicy()):
            told = await greeting(address, ClientTls(policy))
            assert told.startswith("the certificate is not trusted: ")
        told = await greeting(address, ClientTls(TlsPolicy(ours.file)), "localhost")
        assert told.startswith("the certificate is for another name: Hostname mismatch")


async def test_a_new_authority_and_a_new_certificate_are_taken_up(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    me, somebody = ours.certificate("me", "me@x.example"), ours.certificate("bo", "bo@x.example")
    policy = TlsPolicy(tmp_path / "ca", tmp_path / "certificate", tmp_path / "key")
    for name, content in (("ca", ours.file), ("certificate", me.chain), ("key", me.key)):
        (tmp_path / name).write_bytes(content.read_bytes())
    tls = ClientTls(policy)
    async with (
        server(ours.certificate("server", "127.0.0.1"), ours) as first,
        server(other.certificate("server-2", "127.0.0.1"), ours) as second,
    ):
        assert await greeting(first, tls) == "hello me"
        assert not tls.reload()
        (tmp_path / "ca").write_bytes(other.file.read_bytes())
        (tmp_path / "certificate").write_bytes(somebody.chain.read_bytes())
        with pytest.raises(BadTls, match="key values mismatch"):
            tls.reload()
        assert await greeting(first, tls) == "hello me", "half of a pair is not taken up"
        assert not tls.reload(), "it is told once"
        (tmp_path / "key").write_bytes(somebody.key.read_bytes())
        assert tls.reload()
        assert await greeting(second, tls) == "hello bo"


def test_a_key_needs_its_password_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    both = Authority(tmp_path).certificate("me", "me@x.example", password=KEY_PASSWORD).both
    policy = TlsPolicy(certificate_file=both, key_password=SecretStr(KEY_PASSWORD))
    ClientTls(policy)
    assert KEY_PASSWORD not in repr(policy)
    for wrong in ("", "wrong"):
        with pytest.raises(BadTls):
            ClientTls(TlsPolicy(certificate_file=both, key_password=SecretStr(wrong)))
