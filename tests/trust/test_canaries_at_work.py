"""A whole service whose secrets are canaries: nothing that it says, answers or keeps has one."""

import sys
from pathlib import Path

import asyncpg
import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url

from demo.processes import ManagedProcess, free_port
from service.from_settings import database_of
from service.ledger.upgrade import upgrade
from service.settings import Settings
from tests.journeys import world as journeys
from tests.journeys.world import KILLABLE, World, order, pick
from tests.tracing.collector import collecting

from . import secure_postgresql as postgresqls
from .canaries import found_in
from .kafka_kinds import KINDS, Place, environment
from .secure_kafka import PASSWORD, SecureKafka
from .secure_postgresql import SecurePostgresql
from .token_server import TokenServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgresql]

RIGHT = {
    "kafka_password": PASSWORD,
    "payload_keys": Fernet.generate_key().decode(),
    "ledger_url": postgresqls.PASSWORD,
    "api_tokens": "CANARY-right-token-of-the-api",
    "page_tokens": "CANARY-right-token-of-the-page",
    "page_proxy_secret": "CANARY-right-secret-of-the-proxy",
    "tracing_headers": "CANARY-right-header-of-traces",
}
WRONG = {
    "wrong kafka_password": "CANARY-wrong-password-of-kafka",
    "wrong pro_key": "CANARY-wrong-key-of-pro",
    "wrong ledger_url": "CANARY-wrong-password-of-the-ledger",
    "wrong token": "CANARY-wrong-token-of-somebody",
}


class Secrets:
    """A mounted folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def put(self, **settings: str) -> None:
        """Replace files, each at once."""
        for name, value in settings.items():
            (self.folder / ".new").write_text(value)
            (self.folder / ".new").replace(self.folder / f"ORDERFLEX_{name.upper()}")


async def test_nothing_tells_a_secret(
    secure_kafka: SecureKafka,
    secure_postgresql: SecurePostgresql,
    tokens: TokenServer,
    tmp_path: Path,
) -> None:
    secrets = Secrets(tmp_path / "secrets")
    plain_url = make_url(secure_postgresql.plain.create_database())

    def ledger(password: str) -> str:
        return secure_postgresql.url(
            f"by_password:{password}",
            str(plain_url.database),
            sslmode="verify-full",
            sslrootcert=str(secure_postgresql.authority.file),
        )

    database = database_of(Settings.model_validate({"ledger_url": ledger(RIGHT["ledger_url"])}))
    await upgrade(database)
    await database.close()
    secrets.put(
        kafka_password=WRONG["wrong kafka_password"],
        pro_key=WRONG["wrong pro_key"],
        ledger_url=ledger(WRONG["wrong ledger_url"]),
        payload_keys=RIGHT["payload_keys"],
        api_tokens=f"ada={RIGHT['api_tokens']}",
        page_tokens=f"ada={RIGHT['page_tokens']}",
        page_proxy_secret=RIGHT["page_proxy_secret"],
        tracing_headers=f"authorization={RIGHT['tracing_headers']}",
    )
    kafka = KINDS["SASL_SSL PLAIN"](Place(secure_kafka, tokens))
    del kafka["kafka_password"]
    api, page = free_port(), free_port()
    with collecting() as collector:
        async with journeys.created(secure_kafka.broker, tmp_path) as world:
            right_key = world.environment["ORDERFLEX_PRO_KEY"]
            for name in ("PRO_KEY", "LEDGER_URL", "PAYLOAD_KEYS"):
                del world.environment[f"ORDERFLEX_{name}"]
            service = start(
                world,
                **environment(kafka),
                ORDERFLEX_SECRETS_DIR=str(secrets.folder),
                ORDERFLEX_SECRETS_EVERY="0.2",
                ORDERFLEX_LOG_LEVEL="debug",
                ORDERFLEX_LOG_FORMAT="pretty",
                ORDERFLEX_API_PORT=str(api),
                ORDERFLEX_PAGE_PORT=str(page),
                ORDERFLEX_PAGE_USER_HEADER="X-User",
                ORDERFLEX_TRACING_ENDPOINT=collector.endpoint,
            )
            await told(world, "InvalidPasswordError")
            secrets.put(ledger_url=ledger(RIGHT["ledger_url"]))
            await told(world, "the log-in is refused")
            secrets.put(kafka_password=RIGHT["kafka_password"])
            await told(world, "taking up events")
            await world.say("order.placed", order("WEB-1", ("TEA-POT-01", 2)))
            await told(world, "key_refused")
            seen = await answers(world.port, api, page)
            secrets.put(pro_key=right_key)
            await world.until_outcomes("order.recorded", 1)
            await world.say("stock.picked", pick("WEB-1", "P-1", [("TEA-POT-01", 1)]))
            await world.say("stock.picked", pick("WEB-1", "P-2", [("NO-SUCH-SKU", 1)]))
            await world.say("order.placed", None, raw=b"{broken")
            await world.until(lambda: bool(world.dead_letters), "a dead letter")
            await world.until_outcomes("consignment.labelled", 1)
            seen |= await answers(world.port, api, page)
            await world.until(lambda: bool(collector.bodies), "traces", seconds=20)
            service.stop()
            seen["log"] = service.log_file.read_text()
            seen["records"] = "".join(str(heard) for heard in world.heard)
    seen["traces"] = "".join(str(body) for body in collector.bodies)
    seen["ledger"] = await every_row(plain_url.render_as_string(hide_password=False))
    secure_postgresql.plain.drop_database(plain_url.render_as_string(hide_password=False))

    assert all(part in seen["ledger"] for part in ("WEB-1", "pack_order", "unreadable"))
    assert "WEB-1" in seen["/orders/WEB-1"]
    found = {where: leaked for where, what in seen.items() if (leaked := found_in(what, ALL))}
    assert found == {}


ALL = RIGHT | WRONG


def start(world: World, **settings: str) -> ManagedProcess:
    """Start `orderflex serve` on a ledger that is up to date."""
    service = ManagedProcess(
        [sys.executable, str(KILLABLE), "serve"],
        log_file=world.folder / "service.log",
        name="service",
        env={**world.environment, **settings},
        cwd=world.folder,
    )
    service.start()
    world.services.append(service)
    return service


async def told(world: World, text: str) -> None:
    """Wait until the log tells something."""
    await world.until(lambda: text in world.services[0].log_file.read_text(), text)


async def answers(port: int, api: int, page: int) -> dict[str, str]:
    """All that can be asked for, of friends and of strangers, with headers."""
    seen = {}
    friend = {"authorization": f"Bearer {RIGHT['api_tokens']}"}
    stranger = {"authorization": f"Bearer {WRONG['wrong token']}"}
    proxy = {"x-user": "ada", "x-orderflex-proxy-secret": RIGHT["page_proxy_secret"]}
    asked: list[tuple[int, str, dict[str, str]]] = [
        *((port, path, {}) for path in ("/metrics", "/readyz", "/healthz")),
        *((api, path, friend) for path in ("/openapi.json", "/orders", "/orders/WEB-1")),
        *((api, path, friend) for path in ("/orders/WEB-1/timeline", "/attention")),
        *((api, path, friend) for path in ("/dead-letters", "/holds", "/consignments")),
        (api, "/orders?stranger", stranger),
        *((page, path, {}) for path in ("/", "/sign-in")),
        *((page, f"{path}?by-proxy", proxy) for path in ("/", "/orders/WEB-1", "/intake")),
    ]
    async with httpx.AsyncClient() as client:
        for at, path, headers in asked:
            answer = await client.get(f"http://127.0.0.1:{at}{path}", headers=headers)
            seen[path] = f"{answer.headers}{answer.text}"
        for token in (WRONG["wrong token"], RIGHT["page_tokens"]):
            answer = await client.post(
                f"http://127.0.0.1:{page}/sign-in",
                data={"token": token},
                headers={"sec-fetch-site": "same-origin", "origin": f"http://127.0.0.1:{page}"},
            )
            seen[f"sign-in {answer.status_code}"] = f"{answer.headers}{answer.text}"
    return seen


async def every_row(url: str) -> str:
    """All that a database holds, as text."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        rows = []
        for (table,) in tables:
            rows += await connection.fetch(f'SELECT t::text FROM "{table}" t')  # noqa: S608
        return "\n".join(row[0] for row in rows)
    finally:
        await connection.close()
