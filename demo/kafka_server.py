"""One Apache Kafka node, broker and controller in one process, run from its jars.

Its settings are those of a broker for tests: one copy of everything, topics only on demand.
"""

import base64
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.kafka_jars import Java
from demo.processes import ManagedProcess, free_port
from demo.scratch import ScratchFolder

HEAP = "384m"
# To stdout: ManagedProcess appends that to the log file, beside what the JVM itself has to say.
_LOG4J2 = """\
status = warn
appender.out.type = Console
appender.out.name = Out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = Out
"""


def server_properties(
    *, bind: str, port: int, controller_port: int, advertised: str, log_dirs: str
) -> dict[str, str]:
    """The node's settings by Kafka's names; `advertised` is the "host:port" clients are sent to."""
    once = {
        f"{topic}.{setting}": "1"
        for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
        for setting in ("replication.factor", "min.isr", "num.partitions")
        if (topic, setting) != ("offsets.topic", "min.isr")  # there is no such setting
    }
    return once | {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://{bind}:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{advertised}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": log_dirs,
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "500",
        # After a crash the node waits until its former self counts as gone: 9 s by default.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # Its default of 128 MiB is taken at the start and does not fit the small heap.
        "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
    }


class KafkaServer:
    """A node with its ports and its data folder; it can be started again with both.

    `port` is the clients', on 127.0.0.1. `close` stops it and removes the data; the log stays.
    """

    def __init__(self, java: Java, jars: Path, log_file: Path) -> None:
        self.port = free_port()
        self.log_file = log_file
        self._scratch = ScratchFolder("kafka")
        self._folder = self._scratch.path
        self._java = java
        self._class_path = f"{jars}/*"
        self._properties = self._folder / "server.properties"
        self._write_settings()
        log4j2 = self._folder / "log4j2.properties"
        log4j2.write_text(_LOG4J2, encoding="utf-8")
        self.process = self._java_process(
            "Apache Kafka",
            [f"-Xmx{HEAP}", "-Xms32m", f"-Dlog4j2.configurationFile={log4j2.as_uri()}"],
            ["kafka.Kafka", str(self._properties)],
        )

    def _write_settings(self) -> None:
        controller_port = free_port()
        while controller_port == self.port:
            controller_port = free_port()
        settings: Mapping[str, str] = server_properties(
            bind="127.0.0.1",
            port=self.port,
            controller_port=controller_port,
            advertised=f"127.0.0.1:{self.port}",
            log_dirs=str(self._folder / "data"),
        )
        lines = (f"{name}={value}\n" for name, value in settings.items())
        self._properties.write_text("".join(lines), encoding="utf-8")

    def _java_process(self, name: str, options: list[str], command: list[str]) -> ManagedProcess:
        small = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return ManagedProcess(
            [self._java.executable, *options, *small, "-cp", self._class_path, *command],
            log_file=self.log_file,
            name=name,
            cwd=self._folder,
        )

    def format(self) -> None:
        """Prepare the empty data folder, once. ProcessError when Kafka's tool refuses."""
        # A leading "-" would be taken for an option.
        cluster = "K" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        tool = self._java_process(
            "Apache Kafka's StorageTool",
            ["-Xmx128m"],
            ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties)],
        )
        with tool:
            if tool.wait(timeout=60) != 0:
                raise tool.failed(f"ended with code {tool.returncode}")

    def start(self, answers: Callable[[], bool], timeout: float) -> None:
        """Start, and wait at most `timeout` seconds until `answers`. ProcessError otherwise."""
        self.process.start()
        self.process.wait_until(answers, timeout)

    def close(self) -> None:
        """Stop it and remove its data."""
        self.process.stop()
        self._scratch.close()
