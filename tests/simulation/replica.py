"""One process of the service, and the settings that all of them have."""

import asyncio

from cryptography.fernet import Fernet

from service.lifetime import Service
from service.settings import Settings

from .broker import SimulatedBroker
from .loop import Fate
from .pro import KEY

SETTINGS = Settings(
    _env_file=None,  # type: ignore[call-arg]
    kafka_session_timeout=10,
    kafka_request_timeout=5,
    pro_key=KEY,  # type: ignore[arg-type]
    pro_connect_timeout=1,
    pro_pool_timeout=1,
    pro_read_timeout=5,
    pro_deadline=7,
    lease=20,
    payload_keys=(Fernet.generate_key().decode(),),  # type: ignore[arg-type]
    drain=5,
    deadline=600,
    probe_every=3,
    sweep_every=2,
    label_format="ZPL",
)


class NoHttp:
    """Nobody asks the replicas for their health."""

    async def start(self) -> None:
        """Open no port."""

    async def stop(self) -> None:
        """There is none to close."""


class NoCounting:
    """Nobody looks at the replicas' gauges."""

    jobs = ()


class NoLag:
    """Nobody looks at the replicas' lag."""

    async def run(self, _consumer: object) -> None:
        """Measure nothing."""


class Replica:
    """One process of the service."""

    def __init__(self, name: str, service: Service, broker: SimulatedBroker, fate: Fate) -> None:
        self.name, self.service, self.broker, self.fate = name, service, broker, fate
        self.stop = asyncio.Event()
        self.running: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it works on nothing and waits for events."""
        consumer = self.broker.consumer
        return consumer is not None and not consumer._is_moving and not self.service.engine._tasks

    @property
    def is_leaving(self) -> bool:
        """Whether it was told to stop and has not stopped yet."""
        is_gone = self.fate.is_dead or (self.running is not None and self.running.done())
        return self.stop.is_set() and not is_gone
