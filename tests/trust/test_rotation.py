"""Secrets that are replaced while the service runs are taken up, and never shown."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from structlog.testing import capture_logs

from sandbox.options import SandboxOptions
from sandbox.server import running
from service.ledger.sealing import Seal, SealBroken
from service.lifetime import Service
from service.pro import probes
from service.pro.problems import Unauthorised
from service.settings import load
from service.wiring import build

from .reach import reached_from

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN, OTHER_TOKEN = "a-token-of-twenty-characters", "another-token-of-more-characters"
PRO_KEY, OTHER_PRO_KEY = "the-first-key", "the-second-key"
SECRETS = (OLD, NEW, TOKEN, OTHER_TOKEN, PRO_KEY, OTHER_PRO_KEY)


@dataclass
class Desk:
    """A service that is put together and not started, and its folder of secrets."""

    folder: Path
    service: Service

    def replace(self, **settings: str) -> list[tuple[str, object]]:
        """Replace files and have them looked at; gives the log's events, and what they name."""
        for name, value in settings.items():
            path = self.folder / f"ORDERFLEX_{name.upper()}"
            new = path.with_suffix(".new")
            new.write_text(value)
            new.replace(path)
        with capture_logs() as said:
            self.service.rotation.look()
        assert not any(secret in json.dumps(said, default=str) for secret in SECRETS)
        return [(line["event"], line.get("settings") or line.get("reason")) for line in said]

    async def status(self, token: str) -> int:
        """How the operations API answers somebody with a token."""
        assert self.service.api is not None
        transport = httpx.ASGITransport(self.service.api._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            asked = await client.get("/openapi.json", headers={"Authorization": f"Bearer {token}"})
        return asked.status_code


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    async with running(SandboxOptions(keys=(OTHER_PRO_KEY,))) as pro:
        monkeypatch.setenv("ORDERFLEX_SECRETS_DIR", str(folder))
        monkeypatch.setenv("ORDERFLEX_PRO_URL", pro.url)
        for name, value in {
            "PRO_KEY": PRO_KEY,
            "PAYLOAD_KEYS": OLD,
            "API_TOKENS": f"ada={TOKEN}",
            "LEDGER_URL": "postgresql+asyncpg://me:one@127.0.0.1:1/ledger",
        }.items():
            (folder / f"ORDERFLEX_{name}").write_text(value)
        service = build(load())
        yield Desk(folder, service)
        await service.close()


async def test_pros_key(desk: Desk) -> None:
    with pytest.raises(Unauthorised):
        await probes.accepts_key(desk.service.pro)
    said = desk.replace(pro_key=f"{OTHER_PRO_KEY}\n")
    assert said == [("settings replaced", ["ORDERFLEX_PRO_KEY"])]
    await probes.accepts_key(desk.service.pro)
    assert desk.replace() == [], "what was taken up is not taken up again"


async def test_tokens_of_the_operations_api(desk: Desk) -> None:
    assert [await desk.status(TOKEN), await desk.status(OTHER_TOKEN)] == [200, 401]
    said = desk.replace(api_tokens=f"bo={OTHER_TOKEN}")
    assert said == [("settings replaced", ["ORDERFLEX_API_TOKENS"])]
    assert [await desk.status(TOKEN), await desk.status(OTHER_TOKEN)] == [401, 200]
    desk.replace(api_tokens="")
    assert [await desk.status(TOKEN), await desk.status(OTHER_TOKEN)] == [401, 401]


async def test_payload_keys_wherever_something_is_sealed(desk: Desk) -> None:
    sealed = Seal([OLD]).close("before")
    assert desk.replace(payload_keys=f"{NEW},{OLD}")[0][0] == "settings replaced"
    seals = [each for each in reached_from(desk.service) if isinstance(each, Seal)]
    assert seals
    for seal in seals:
        assert seal.open(sealed) == "before"
        assert Seal([NEW]).open(seal.close("after")) == "after"
    said = desk.replace(payload_keys="no key at all")
    assert said == [("settings not taken up", "ORDERFLEX_PAYLOAD_KEYS: not a Fernet key")]
    assert all(seal.open(sealed) == "before" for seal in seals), "the former keys stay"


async def test_the_password_of_the_ledger_and_nothing_else_of_its_url(desk: Desk) -> None:
    said = desk.replace(ledger_url="postgresql+asyncpg://me:two@127.0.0.1:1/ledger")
    assert said == [("settings replaced", ["ORDERFLEX_LEDGER_URL"])]
    assert desk.service.database.connect_arguments["password"]() == "two"
    said = desk.replace(ledger_url="postgresql+asyncpg://me:three@127.0.0.1:1/another")
    restart = "ORDERFLEX_LEDGER_URL: restart for more than another password"
    assert said == [("settings not taken up", restart)]
    assert desk.service.database.connect_arguments["password"]() == "two"


async def test_what_needs_a_restart_is_named(desk: Desk) -> None:
    said = desk.replace(pro_key=OTHER_PRO_KEY, http_port="8099")
    assert ("settings changed: restart to use them", ["ORDERFLEX_HTTP_PORT"]) in said
    await probes.accepts_key(desk.service.pro)


async def test_what_can_not_be_used_leaves_everything_as_it_was(desk: Desk) -> None:
    desk.replace(pro_key=OTHER_PRO_KEY)
    assert desk.replace(pro_key="")[0] == ("settings not taken up", "ORDERFLEX_PRO_KEY: missing")
    (event, why), *_ = desk.replace(http_port="no port", pro_key=PRO_KEY)
    assert event == "settings not taken up"
    assert "ORDERFLEX_HTTP_PORT" in str(why)
    await probes.accepts_key(desk.service.pro)
    said = desk.replace(http_port="8080")
    assert said == [("settings replaced", ["ORDERFLEX_PRO_KEY"])], "mended, all of it is taken up"


async def test_what_breaks_off_is_taken_up_by_the_next_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_key: SecretStr) -> None:
        raise RuntimeError("an error of ours")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(desk.service.pro, "use_key", breaks)
        with pytest.raises(RuntimeError):
            desk.replace(pro_key=OTHER_PRO_KEY, api_tokens=f"bo={OTHER_TOKEN}")
    assert desk.replace(), "though the files are as they were at the look before"
    await probes.accepts_key(desk.service.pro)
    assert [await desk.status(TOKEN), await desk.status(OTHER_TOKEN)] == [401, 200]


async def test_a_ledger_that_had_no_password_needs_a_restart_to_have_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {
        "ORDERFLEX_SECRETS_DIR": str(tmp_path),
        "ORDERFLEX_PRO_KEY": PRO_KEY,
        "ORDERFLEX_PAYLOAD_KEYS": OLD,
    }
    for name, value in without.items():
        monkeypatch.setenv(name, value)
    url = tmp_path / "ORDERFLEX_LEDGER_URL"
    url.write_text("postgresql+asyncpg://me@127.0.0.1:1/ledger")
    desk = Desk(tmp_path, build(load()))
    said = desk.replace(ledger_url="postgresql+asyncpg://me:two@127.0.0.1:1/ledger")
    await desk.service.close()
    assert said == [
        (
            "settings not taken up",
            "ORDERFLEX_LEDGER_URL: restart to log in, or no longer to",
        )
    ]


def test_a_seal_with_the_former_key_alone_can_not_open_what_is_new() -> None:
    """Why a new key is put last everywhere before it is put first."""
    with pytest.raises(SealBroken):
        Seal([OLD]).open(Seal([NEW, OLD]).close("after"))


async def test_a_folder_that_a_cluster_mounts(desk: Desk) -> None:
    """Its files are links through a link, and only that one is replaced."""
    for generation, key in (("1", PRO_KEY), ("2", OTHER_PRO_KEY)):
        real = desk.folder / f"..{generation}"
        real.mkdir()
        (real / "ORDERFLEX_PRO_KEY").write_text(key)
        (desk.folder / "..new").symlink_to(real.name)
        (desk.folder / "..new").replace(desk.folder / "..data")
        if generation == "1":
            (desk.folder / "ORDERFLEX_PRO_KEY").unlink()
            (desk.folder / "ORDERFLEX_PRO_KEY").symlink_to("..data/ORDERFLEX_PRO_KEY")
            assert desk.replace() == [], "the same key in another way"
    assert desk.replace() == [("settings replaced", ["ORDERFLEX_PRO_KEY"])]
    await probes.accepts_key(desk.service.pro)
