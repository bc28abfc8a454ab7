"""What docs/deploying.md does, with the commands and the environment that the chart's pods have."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from demo.broker import Broker
from demo.processes import ManagedProcess, free_port
from tests.journeys.world import World, created

from .chart import ROOT, Rendered, Resource, render, service_pod
from .kubelet import NAME, arguments_of, environment_of

EXAMPLES = ROOT / "docs" / "events" / "examples"


@dataclass
class Cluster:
    """Runs the pods of a release as processes of this machine."""

    world: World
    release: Rendered
    secrets: dict[str, str]
    port: int

    def environment(self, pod: Resource) -> dict[str, str]:
        """The variables of a pod; its port is one that is free here."""
        files = self.world.folder / "secrets"
        found = environment_of(self.release, pod, self.secrets, files)
        return found | {"PYTHONPATH": str(ROOT), "ORDERFLEX_HTTP_PORT": str(self.port)}

    async def run(self, pod: Resource, *arguments: str, given: bytes = b"") -> str:
        """Run a pod to its end, or other arguments in its place as `kubectl exec` does."""
        ended = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "service", *(arguments or arguments_of(pod))],
            input=given,
            capture_output=True,
            env=self.environment(pod),
            cwd=self.world.folder,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout.decode()


def _release(world: World) -> Rendered:
    return render(
        {
            "settings": {
                "ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": world.broker.bootstrap_servers,
                "ORDERFLEX_KAFKA_TOPIC_PREFIX": world.prefix,
                "ORDERFLEX_KAFKA_GROUP": f"{world.prefix}orderflex",
                "ORDERFLEX_PRO_URL": world.pro.url,
            },
            "papers": {"mountPath": str(world.folder / "papers")},
            "manifests": [
                {"location": "LEEDS_DC", "schedule": "0 16 * * *", "timeZone": "Europe/London"}
            ],
        }
    )


@pytest.mark.kafka
@pytest.mark.postgresql
@pytest.mark.timeout(400)  # seven programs are started, one after the other
async def test_a_release_carries_its_first_order_from_the_shop_to_the_carrier(
    broker: Broker, postgresql_url: str, tmp_path: Path
) -> None:
    async with created(broker, tmp_path) as world:
        release = _release(world)
        secrets = {
            "ORDERFLEX_PRO_KEY": "sandbox-key",
            "ORDERFLEX_LEDGER_URL": postgresql_url,
            "ORDERFLEX_PAYLOAD_KEYS": Fernet.generate_key().decode(),
        }
        cluster = Cluster(world, release, secrets, free_port())
        await cluster.run(release.one("Job", "-ledger-upgrade")["spec"]["template"]["spec"])

        pod = service_pod(release)
        service = ManagedProcess(
            [sys.executable, "-m", "service", *arguments_of(pod)],
            log_file=tmp_path / "service.log",
            name="the chart's service",
            env=cluster.environment(pod),
            cwd=tmp_path,
        )
        service.start()
        world.services.append(service)
        world.port = cluster.port
        await world.ready()
        for event in ("order.placed", "stock.picked"):
            example = (EXAMPLES / f"{event}.minimum.json").read_bytes()
            await cluster.run(pod, "publish", "-", "--type", event, given=example)
        labelled = await world.until_outcomes("consignment.labelled", 1)
        assert (tmp_path / "papers").is_dir()
        assert "recorded, fully packed" in await cluster.run(pod, "order", "show", "WEB-204817")
        assert "Nothing needs attention" in await cluster.run(pod, "attention")

        jobs = release.one("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        await cluster.run(jobs)
        await cluster.run(jobs)  # a second try of the same Job
        manifested = await world.until_outcomes("consignment.manifested", 1)
        reference = labelled[0].data["consignment_reference"]
        assert [each.data["consignment_reference"] for each in manifested] == [reference]
        assert manifested[0].data["manifest_reference"] == NAME

        service.stop(pod["terminationGracePeriodSeconds"])
        assert service.returncode == 0
