"""A real PostgreSQL with TLS: whom we trust, who we are, and what a refusal says."""

import asyncio

import pytest
from sqlalchemy.engine import make_url

from demo import postgresql as machine
from demo.postgresql import Postgresql
from service.from_settings import database_of
from service.ledger.database import Database, LedgerDown
from service.ledger.upgrade import upgrade
from service.settings import BadSettings, Settings

from .certificates import Authority
from .secure_postgresql import BY_CERTIFICATE, BY_PASSWORD, SecurePostgresql

pytestmark = pytest.mark.postgresql


@pytest.fixture
def secure(secure_postgresql: SecurePostgresql) -> SecurePostgresql:
    return secure_postgresql


def database(url: str) -> Database:
    return database_of(Settings.model_validate({"ledger_url": url}))


async def is_encrypted(url: str) -> bool:
    """Log in, bring the tables up to date (which goes another way), and look."""
    ledger = database(url)
    try:
        await upgrade(ledger)
        async with ledger._driver.alone() as session:
            connection = session._connection  # type: ignore[attr-defined]
            asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            return bool(await connection.fetchval(asked))
    finally:
        await ledger.close()


async def refusal(url: str) -> str:
    """What is said when nobody is let in, by both ways."""
    ledger = database(url)
    try:
        with pytest.raises(LedgerDown) as upgrading:
            await upgrade(ledger)
        with pytest.raises(LedgerDown) as checking:
            await ledger.check()
    finally:
        await ledger.close()
    assert str(upgrading.value) == str(checking.value)
    return str(checking.value)


@pytest.mark.parametrize("mode", ["verify-full", "verify-ca"])
async def test_a_server_that_we_trust_is_used(secure: SecurePostgresql, mode: str) -> None:
    root = str(secure.authority.file)
    assert await is_encrypted(secure.url(BY_PASSWORD, sslmode=mode, sslrootcert=root))


@pytest.mark.parametrize("option", ["sslmode", "ssl"])
async def test_require_encrypts_without_verifying(secure: SecurePostgresql, option: str) -> None:
    assert await is_encrypted(secure.url(BY_PASSWORD, **{option: "require"}))


async def test_our_certificate_lets_us_in(secure: SecurePostgresql) -> None:
    url = secure.url(
        BY_CERTIFICATE,
        sslmode="verify-full",
        sslrootcert=str(secure.authority.file),
        sslcert=str(secure.client.chain),
        sslkey=str(secure.client.key),
    )
    assert await is_encrypted(url)


async def test_an_unknown_authority_is_refused(
    secure: SecurePostgresql, authority: Authority
) -> None:
    for root in ({"sslrootcert": str(authority.file)}, {}):
        told = await refusal(secure.url(BY_PASSWORD, sslmode="verify-full", **root))
        assert told.startswith("the certificate is not trusted: ")
        assert told.endswith(", see sslmode and sslrootcert")


async def test_another_name_is_refused_only_by_verify_full(
    secure: SecurePostgresql,
) -> None:
    root = str(secure.authority.file)
    by_name = secure.url(BY_PASSWORD, sslmode="verify-full", sslrootcert=root)
    told = await refusal(by_name.replace("127.0.0.1", "localhost"))
    assert told.startswith("the certificate is for another name: Hostname mismatch")
    by_name = secure.url(BY_PASSWORD, sslmode="verify-ca", sslrootcert=root)
    assert await is_encrypted(by_name.replace("127.0.0.1", "localhost"))


async def test_a_wrong_password_and_a_missing_certificate_are_told(
    secure: SecurePostgresql,
) -> None:
    root = {"sslmode": "verify-full", "sslrootcert": str(secure.authority.file)}
    assert await refusal(secure.url("by_password:wrong", **root)) == "InvalidPasswordError"
    told = await refusal(secure.url(BY_CERTIFICATE, **root))
    assert told == "InvalidAuthorizationSpecificationError"


async def test_a_server_without_tls_is_told(postgresql: Postgresql) -> None:
    if postgresql.kind == "given":
        pytest.skip("a given PostgreSQL may speak TLS")
    url = make_url(postgresql.url).update_query_dict({"sslmode": "require"})
    told = await refusal(url.render_as_string(hide_password=False))
    assert told == "the server speaks no TLS, see sslmode"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sslmode": "true"}, "sslmode must be one of disable, allow, prefer, require, verify-ca"),
        ({"sslrootcert": "/ca.pem"}, "sslrootcert needs sslmode=verify-full, or verify-ca"),
        ({"sslmode": "require", "sslcert": "/c.pem"}, "sslcert needs sslmode=verify-full"),
        ({"sslmode": "verify-ca", "sslkey": "/k.pem"}, "sslkey needs sslcert"),
        (
            {"sslmode": "verify-ca", "sslrootcert": "/nowhere.pem"},
            "sslrootcert: /nowhere.pem can't be used (No such file or directory)",
        ),
        ({"sslnegotiation": "direct"}, "unknown option sslnegotiation"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict[str, str], told: str) -> None:
    url = make_url("postgresql+asyncpg://u:CANARY@h/d").update_query_dict(options)
    with pytest.raises(BadSettings, match=r"^ORDERFLEX_LEDGER_URL: ") as refused:
        database(url.render_as_string(hide_password=False))
    assert told in str(refused.value)
    assert "CANARY" not in str(refused.value)


async def test_a_password_is_replaced_while_the_ledger_is_used(secure: SecurePostgresql) -> None:
    owner = make_url(secure.plain.url)
    machine._execute(owner, "CREATE ROLE replaced LOGIN PASSWORD 'one'")
    ledger = database(secure.url("replaced:one", sslmode="require"))
    try:
        await ledger.reach()
        await asyncio.to_thread(machine._execute, owner, "ALTER ROLE replaced PASSWORD 'two'")
        await ledger.reach()  # a connection that is open stays
        await asyncio.to_thread(
            machine._execute,
            owner,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'replaced'",
        )
        await asyncio.sleep(0.2)
        with pytest.raises(LedgerDown, match="InvalidPasswordError"):
            await ledger.reach()
        ledger.use_password("two")
        await ledger.reach()
    finally:
        await ledger.close()
