"""Orders go through the image, run by a user that it does not know and with nothing allowed."""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from demo.broker import Broker
from release.build import Image
from release.programs import UNNOTICED
from tests.journeys.world import World, created, manifest, order, pick

from .contained import OWN_USER, STRANGER, VOLUME, Container, running, volume_of

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

GRACE = 30
"""Seconds between SIGTERM and SIGKILL, as Kubernetes has them."""
SECRETS = "/run/secrets/orderflex"
OF_THE_ENGINE = {
    *("C /etc", "A /etc/mtab", "C /run", "A /run/.containerenv", "A /run/secrets"),
    *("C /etc/hosts", "C /etc/resolv.conf", "C /etc/hostname", "C /etc/passwd", "C /etc/group"),
}
"""What podman itself changes, whatever runs."""
AS_STRANGER = f"--user={STRANGER}:{STRANGER}"


def settings_inside(world: World) -> dict[str, str]:
    """The settings of the service of a world, with its files on the volume."""
    ours = {name: each for name, each in world.environment.items() if name.startswith("ORDERFLEX_")}
    return {
        **ours,
        "ORDERFLEX_LEDGER_URL": f"sqlite+aiosqlite:///{VOLUME}/ledger.sqlite",
        "ORDERFLEX_PAPERS_STORE": f"{VOLUME}/papers",
    }


def secret_files(settings: dict[str, str], folder: Path) -> Path:
    """Take the secrets out of some settings and put them into files, as a cluster mounts them."""
    secrets = folder / "secrets"
    secrets.mkdir()
    for name in ("ORDERFLEX_PRO_KEY", "ORDERFLEX_PAYLOAD_KEYS"):
        (secrets / name).write_text(settings.pop(name) + "\n", encoding="utf-8")
    return secrets


async def until_ready(world: World, service: Container) -> None:
    """Ask /readyz until events are taken up. A busy machine takes its time to start a container."""
    async with asyncio.timeout(120), httpx.AsyncClient() as client:
        while await asyncio.to_thread(service.runs):
            try:
                answer = await client.get(f"http://127.0.0.1:{world.port}/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                continue
            if answer.status_code == 200:
                return
    raise AssertionError("it ended instead of serving")


def assert_confined(container: Container) -> None:
    """The kernel's own word that the process has no rights."""
    status = container.status()
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(STRANGER)}
    capabilities = {name: status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")}
    assert {int(each, 16) for each in capabilities.values()} == {0}, capabilities
    assert status["NoNewPrivs"] == "1"
    assert container.inspect()["HostConfig"]["ReadonlyRootfs"]


@pytest.mark.kafka
async def test_an_order_goes_the_whole_way(image: Image, broker: Broker, tmp_path: Path) -> None:
    async with created(broker, tmp_path) as world:
        volume = volume_of(STRANGER, tmp_path)
        settings = settings_inside(world)
        secrets = secret_files(settings, tmp_path)
        mounted = (AS_STRANGER, f"--volume={volume}:{VOLUME}", f"--volume={secrets}:{SECRETS}:ro")
        with running(image, ["ledger", "upgrade"], settings, tmp_path, *mounted) as upgrading:
            assert await asyncio.to_thread(upgrading.wait) == 0
        with running(image, ["serve"], settings, tmp_path, *mounted) as service:
            await until_ready(world, service)
            assert await asyncio.to_thread(service.healthy)
            assert_confined(service)

            await world.say("order.placed", order("WEB-1", ("MUG", 2)))
            await world.say("stock.picked", pick("WEB-1", "pick-1", [("MUG", 2)]))
            await world.until_outcomes("consignment.labelled", 1)
            await world.say("manifest.requested", manifest("M-1"))
            await world.until_outcomes("consignment.manifested", 1)

            assert service.python("import os; print(os.listdir('/tmp'))").strip() == "[]"
            code, took = await asyncio.to_thread(service.stop, GRACE)
            assert (code, took < GRACE) == (0, True)
        assert {path.name for path in volume.iterdir()} <= {
            *("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"),
            "papers",
        }
        assert len(await world.consignments_of_picks()) == 1
        assert world.dead_letters == []


@pytest.mark.kafka
async def test_what_is_under_way_at_sigterm_is_finished_and_nothing_was_left_elsewhere(
    image: Image, broker: Broker, tmp_path: Path
) -> None:
    """Its root may be written to here, to see that nobody tries."""
    async with created(broker, tmp_path) as world:
        serve = ["serve", "--upgrade-ledger"]
        mounted = f"--volume={volume_of(OWN_USER, tmp_path)}:{VOLUME}"
        with running(
            image, serve, settings_inside(world), tmp_path, mounted, closed=UNNOTICED
        ) as service:
            await until_ready(world, service)
            world.fault("latency", "createOrder", seconds=1.5)
            await world.say("order.placed", order("WEB-1", ("MUG", 2)))
            async with asyncio.timeout(20):
                while not await world.calls("createOrder"):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            assert world.outcomes() == []
            code, took = await asyncio.to_thread(service.stop, GRACE)
            assert service.changed() - OF_THE_ENGINE == set()
        assert (code, took < GRACE) == (0, True)
        await world.until_outcomes("order.recorded", 1)


def test_sigterm_ends_it_even_while_it_starts(image: Image, tmp_path: Path) -> None:
    """As process 1 it would not feel a signal that it has no handler for."""
    with running(image, ["serve"], {}, tmp_path, AS_STRANGER) as starting:
        pid = starting.pid
        while not starting.handles(pid, signal.SIGTERM):
            time.sleep(0.005)
        os.kill(pid, signal.SIGTERM)
        assert starting.wait() == 128 + signal.SIGTERM


def test_health_is_refused_where_nothing_serves(image: Image, tmp_path: Path) -> None:
    idle = ("--entrypoint=/opt/orderflex/bin/python",)
    program = ["-c", "import time; time.sleep(60)"]
    port = {"ORDERFLEX_HTTP_PORT": "1"}
    with running(image, program, port, tmp_path, *idle) as container:
        assert not container.healthy()


def test_its_own_user_may_write_to_a_volume_of_the_image(image: Image, tmp_path: Path) -> None:
    keyless = {"ORDERFLEX_PAYLOAD_KEYS": "x" * 43 + "="}
    with running(image, ["ledger", "upgrade"], keyless, tmp_path) as upgrading:
        assert upgrading.wait() == 0, upgrading.said()
        assert upgrading.inspect()["Config"]["User"] == "10001:10001"


def test_any_user_of_group_0_may_write_to_it_too(image: Image, tmp_path: Path) -> None:
    keyless = {"ORDERFLEX_PAYLOAD_KEYS": "x" * 43 + "="}
    with running(
        image, ["ledger", "upgrade"], keyless, tmp_path, "--user=1000650000:0"
    ) as upgrading:
        assert upgrading.wait() == 0, upgrading.said()
