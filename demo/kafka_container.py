"""Apache Kafka in a container, where a container engine answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from demo.kafka_jars import KAFKA_VERSION
from demo.kafka_server import server_properties
from demo.processes import free_port

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
_CLIENTS, _CONTROLLER = 9092, 9093


def container_environment(advertised: str) -> dict[str, str]:
    """The image's environment: Kafka's settings as KAFKA_…, `advertised` as "host:port"."""
    settings = server_properties(
        bind="0.0.0.0",  # noqa: S104 - inside the container
        port=_CLIENTS,
        controller_port=_CONTROLLER,
        advertised=advertised,
        log_dirs="/tmp/kafka-data",  # noqa: S108 - inside the container
    )
    named = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}
    return named | {"KAFKA_HEAP_OPTS": "-Xmx256m -Xms32m"}


def _knock(engine: str) -> None:
    """OSError where nothing listens: docker's client would leave its socket open then."""
    url = urlsplit(engine)
    if url.scheme == "unix":
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(3)
            try:
                knocking.connect(url.path)
            except OSError as error:
                raise OSError(f"no container engine at {url.path}: {error.strerror}") from error
    elif url.scheme in ("tcp", "http", "https"):
        with socket.create_connection((url.hostname or "localhost", url.port or 2375), timeout=3):
            pass


@contextmanager
def kafka_container(log_file: Path) -> Iterator[str]:
    """A started container's "host:port"; it may not answer yet. Its log is written at the end.

    Any error of the engine (none there, image not to be had, …) is raised as it is.
    """
    # Imported here: only who runs a container needs the demo's extra packages.
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.docker_client import DockerClient, get_docker_host

    _knock(get_docker_host() or "unix:///var/run/docker.sock")
    engine = DockerClient(timeout=3)
    try:
        engine.client.ping()
        host = engine.host()
    finally:
        engine.client.close()
    advertised = f"{host}:{free_port()}"
    container = DockerContainer(IMAGE).with_bind_ports(_CLIENTS, int(advertised.rpartition(":")[2]))
    container.with_envs(**container_environment(advertised))
    try:
        container.start()
        yield advertised
    finally:
        if container.get_wrapped_container() is not None:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            log_file.write_bytes(b"".join(container.get_logs()))
            container.stop()
