"""The browser."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from support.sight import Opener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Debian's chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"])
        yield started
        started.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Opener]:
    """Give what opens pages."""
    with ExitStack() as stack:
        yield Opener(browser, stack)
