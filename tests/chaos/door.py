"""The way to PRO: a door that can be shut, so that PRO's address refuses every connection."""

import asyncio
import contextlib

from demo.processes import free_port


class Door:
    """Passes connections on to an address of this machine while it is open."""

    def __init__(self, port_behind: int) -> None:
        self.port = free_port()
        self._behind = port_behind
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """What the service takes for PRO's address."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Let connections in."""
        self._server = await asyncio.start_server(self._come, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._server is None:
            return
        self._server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def refuses(self) -> bool:
        """Whether whoever comes now is refused."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return True
        await _cut(writer)
        return False

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        task.add_done_callback(lambda _: writer.transport.abort())  # even if it never began

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both ways until one end goes; then cut both, as a lost connection would be."""
        back: asyncio.StreamWriter | None = None
        carrying: list[asyncio.Task[None]] = []
        try:
            answers, back = await asyncio.open_connection("127.0.0.1", self._behind)
            carrying = [
                asyncio.create_task(_carry(reader, back)),
                asyncio.create_task(_carry(answers, writer)),
            ]
            await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in carrying:
                task.cancel()
            await asyncio.gather(*carrying, return_exceptions=True)
            if back is not None:
                await _cut(back)


async def _cut(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while content := await reader.read(65_536):
            writer.write(content)
            await writer.drain()
