"""An operation of the contract, as the tables of operations list it."""

from dataclasses import dataclass

from sandbox.exchange import Handler


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the contract and who answers it."""

    name: str
    """operationId."""
    method: str
    path: str
    handler: Handler
    takes_body: bool = False

    @property
    def segments(self) -> list[str]:
        """The parts of the path."""
        return self.path.strip("/").split("/")
