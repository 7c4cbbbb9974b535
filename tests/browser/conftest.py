"""A real Chromium before a real Linli. Nothing here is imported unless these tests run: `make test` has no browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.docs_page import DocsPage
from tests.running import ROOT, Up, data_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCREENSHOTS = ROOT / "screenshots"
# No talk of its own with its makers, and no name but ours is looked up.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
]


def chromium() -> str:
    """Chromium's path, from LINLI_CHROMIUM or from where distributions put it; ends the run where there is none."""
    named = os.environ.get("LINLI_CHROMIUM", "")
    for name in [named] if named else ["chromium", "/usr/bin/chromium", "chromium-browser", "google-chrome"]:
        if found := shutil.which(name):
            return found
    where = f"LINLI_CHROMIUM={named}" if named else "PATH"
    pytest.exit(
        f"没有找到 Chromium({where})。 | There is no Chromium ({where})."
        " → apt-get install chromium, or LINLI_CHROMIUM=/its/path make browser",
        returncode=2,
    )


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    executable = chromium()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield made
        made.close()


@pytest.fixture(scope="session")
def up(browser: "Browser") -> Iterator[Up]:
    """The whole product on a fresh data folder. The browser comes first: without one there is nothing to start."""
    with data_folder() as folder:
        started = Up(folder)
        try:
            started.wait("Ctrl-C")
            yield started
        finally:
            started.end()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where they are kept to be looked at; git ignores it."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS


@pytest.fixture
def docs(browser: "Browser", up: Up, screenshots: Path) -> Iterator[DocsPage]:
    """The docs page in a window of its own; at the end nothing was asked of anybody else, and nothing went wrong."""
    opened = DocsPage(browser, up.url, screenshots)
    yield opened
    opened.context.close()
    assert opened.strangers == []
    assert opened.complaints == []
