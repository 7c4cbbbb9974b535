"""A TCP proxy before Postgres that counts what a client waits for: each Query and each Sync is one round trip."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

QUERY, SYNC = b"Q", b"S"


class Wire:
    """The counter: `trips` goes up with every message that Postgres has to answer; the first ones open a connection."""

    def __init__(self, host: str, port: int) -> None:
        self.trips = 0
        self._target = (host, port)
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        above_reader, above_writer = await asyncio.open_connection(*self._target)
        self._open.add(above_writer)
        back = asyncio.create_task(self._answers(above_reader, writer))
        try:
            await self._start(reader, above_writer)
            await self._messages(reader, above_writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            above_writer.close()
            with suppress(ConnectionError):
                await back
            writer.close()
            self._open.discard(above_writer)

    def end(self) -> None:
        """Cut what is still connected."""
        for writer in self._open:
            writer.close()

    async def _start(self, reader: asyncio.StreamReader, above: asyncio.StreamWriter) -> None:
        """Messages before the start have no type; a wish for TLS (which the tests' server declines) is one of them."""
        while True:
            head = await reader.readexactly(8)
            above.write(head + await reader.readexactly(int.from_bytes(head[:4]) - 8))
            await above.drain()
            if int.from_bytes(head[4:]) != 80877103:
                return

    async def _messages(self, reader: asyncio.StreamReader, above: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
            if head[:1] in (QUERY, SYNC):
                self.trips += 1
            above.write(head + body)
            await above.drain()

    async def _answers(self, above: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await above.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def counted(url: str) -> AsyncIterator[tuple[Wire, str]]:
    """A counter before the server of `url`, and the URL that leads through it."""
    address = urlsplit(url)
    wire = Wire(address.hostname or "127.0.0.1", address.port or 5432)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield wire, urlunsplit(address._replace(netloc=f"{address.username}:{address.password}@127.0.0.1:{port}"))
    finally:
        server.close()
        wire.end()
