"""HTTP/1.1 by hand on one keep-alive connection: a third of a client library's work, where ten thousand requests are sent."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection to `url`, opened again when the server has closed it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def ask(self, method: str, target: str, headers: Mapping[str, str | bytes], body: bytes | None) -> Answer:
        """Send one request and read its answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        lines = [f"{method} {target} HTTP/1.1".encode(), f"host: {self._host}:{self._port}".encode()]
        lines += [
            name.encode() + b": " + (v if isinstance(v, bytes) else v.encode("latin-1")) for name, v in headers.items()
        ]
        if body is not None or method != "GET":
            lines.append(b"content-length: %d" % len(body or b""))
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + (body or b""))
        status, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest if line)}
        content = await _content(reader, found)
        if found.get("connection") == "close":
            self._close()
        return Answer(int(status.split(" ")[1]), found, content)


async def _content(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    """The body, of a known length or in chunks."""
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    content = b""
    while size := int(await reader.readline(), 16):
        content += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return content
