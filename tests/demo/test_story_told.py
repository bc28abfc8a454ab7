"""The demo as a process: orders go the whole way on a real broker, and nothing is left running."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from demo.broker import GIVEN, Broker, project_folder

pytestmark = pytest.mark.kafka

FOLDER = re.compile(r"var/demo-\d{8}-\d{6}(?:-\d+)?")
DEMO = [sys.executable, "-m", "service", "demo", "--orders", "22"]


@pytest.fixture
def folders() -> Iterator[list[Path]]:
    """Folders of demos, removed at the end."""
    made: list[Path] = []
    yield made
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


def _folder_in(said: str) -> Path:
    found = FOLDER.search(said)
    assert found is not None, said
    return project_folder() / found[0]


def _running_in(folder: Path) -> list[str]:
    """The commands of processes that work in a folder: the demo starts its own there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


async def _topics(broker: Broker) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    try:
        await admin.start()
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def test_every_case_and_trouble_ends_well(broker: Broker, folders: list[Path]) -> None:
    told = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this test
        DEMO,
        cwd=project_folder(),
        env={**os.environ, GIVEN: broker.bootstrap_servers},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    said = told.stdout
    folders.append(_folder_in(said))
    assert told.returncode == 0, said + told.stderr
    assert told.stderr == ""
    assert "✓ 22 consignments due, 22 in PRO, no pick has two." in said
    assert "2 called off, none of them alive." in said
    assert "label, invoice, CN22 ✓" in said
    assert said.count("cancelled\n") == 2
    assert "27 files" in said
    assert "Nothing is left running." in said
    for line in said.splitlines():
        assert len(line) <= 80 or line.startswith("    (set -a"), line
    labels = list((folders[0] / "papers").rglob("labels.pdf"))
    assert len(labels) == 22 + 2 + 1, "those called off and a void one were printed too"
    assert _running_in(folders[0]) == []
    assert not [name for name in await _topics(broker) if name.startswith(folders[0].name)]


def test_it_stays_to_be_looked_at_and_its_ledger_can_be_asked_afterwards(
    broker: Broker, folders: list[Path]
) -> None:
    said = ""
    with subprocess.Popen(
        [*DEMO[:-1], "12", "--stay"],
        cwd=project_folder(),
        env={**os.environ, GIVEN: broker.bootstrap_servers},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        try:
            assert demo.stdout is not None
            for line in demo.stdout:
                said += line
                if "What PRO holds" in line:
                    break
            folders.append(_folder_in(said))
            found = re.search(r"Operator page\s+(\S+)\s+token: (\S+)", said)
            assert found is not None, said
            with httpx.Client(base_url=found[1], headers={"Origin": found[1]}) as visitor:
                signed_in = visitor.post("/sign-in", data={"token": found[2]})
                assert signed_in.status_code == 303, signed_in.text
                assert "Needs attention" in visitor.get("/").text
            demo.send_signal(signal.SIGINT)
            said += demo.stdout.read()
            assert demo.wait(timeout=30) == 0, said
        finally:
            demo.kill()
    assert "Nothing is left running." in said
    assert _running_in(folders[0]) == []
    command = next(line for line in said.splitlines() if line.startswith("    (set -a"))
    shown = subprocess.run(  # noqa: S602 - it is a line for a shell
        command,
        shell=True,
        cwd=project_folder(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "answer lost" in shown.stdout


def test_ctrl_c_leaves_nothing_running(broker: Broker, folders: list[Path]) -> None:
    with subprocess.Popen(
        DEMO,
        cwd=project_folder(),
        env={**os.environ, GIVEN: broker.bootstrap_servers},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        try:
            assert demo.stdout is not None
            next(line for line in demo.stdout if " s  WEB-" in line and "labelled" in line)
            demo.send_signal(signal.SIGINT)
            began = time.monotonic()
            said = demo.stdout.read()
            assert demo.wait(timeout=30) == 130
            assert time.monotonic() - began < 20
        finally:
            demo.kill()
    folders.append(_folder_in(said))
    assert "Interrupted. Nothing is left running" in said
    assert "Traceback" not in said
    assert _running_in(folders[0]) == []
