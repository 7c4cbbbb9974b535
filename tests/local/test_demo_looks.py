"""A demonstration that does not find the system says what it tried, and how to name the port."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.demo import run
from app.local.faults import LocalFault
from app.local.home import free_port
from app.settings import Settings


@pytest.fixture
def stranger() -> Iterator[int]:
    """A server that is no Linli; its port."""
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def said(folder: Path, port: int) -> str:
    (folder / "accounts.json").write_text(json.dumps({"administrator": "a", "officers": "b"}))
    with pytest.raises(LocalFault) as fault:
        run(Settings(mode="local", data=folder, port=port))
    return str(fault.value)


def test_nothing_answers(tmp_path: Path) -> None:
    port = free_port()
    text = said(tmp_path, port)
    assert f"连不上 http://127.0.0.1:{port}。" in text
    assert f"Nothing answers at http://127.0.0.1:{port}." in text
    assert "LINLI_PORT=<端口> make demo" in text


def test_another_program_answers(tmp_path: Path, stranger: int) -> None:
    text = said(tmp_path, stranger)
    assert f"http://127.0.0.1:{stranger} 上回答的不是 Linli" in text
    assert f"What answers at http://127.0.0.1:{stranger} is no Linli" in text
    assert "LINLI_PORT=<port> make demo" in text
