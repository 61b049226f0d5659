"""A page in the browser, with a watch on all that the browser complains of and asks for."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.site import answers_of, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from support.site import Answers

    from xelinkd.state.told import State

SCREENSHOTS = Path(__file__).parents[2] / ".browser"


@dataclass(frozen=True)
class Sight:
    """A page in the browser, the site's address, what went wrong, and what was asked for."""

    page: Page
    site: str
    complaints: list[str]
    requests: list[str]

    def keep(self, name: str, *, full: bool = True) -> None:
        """Keep a screenshot, for people to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full)


class Opener:
    """Opens what is made from a state, or what a daemon serves."""

    def __init__(self, browser: Browser, stack: ExitStack) -> None:
        """Take the browser; what is opened is closed with the stack."""
        self._browser = browser
        self._stack = stack

    def __call__(
        self, state: State, path: str = "/", width: int = 1280, height: int = 900, **settings: object
    ) -> Sight:
        """Open an address of a site that shows this state; the settings are a browser context's."""
        return self.at(answers_of(state), path, viewport={"width": width, "height": height}, **settings)

    def at(self, answers: Answers, path: str, **settings: object) -> Sight:
        """Open an address of a site that gives these answers."""
        return self.visit(self._stack.enter_context(serving(answers)), path, **settings)

    def visit(self, site: str, path: str = "/", **settings: object) -> Sight:
        """Open an address of any site: a running daemon's, for one."""
        page = self._stack.enter_context(self._page(settings))
        sight = Sight(page, site, [], [])
        page.on("console", lambda message: sight.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: sight.complaints.append(str(error)))
        page.on("request", lambda request: sight.requests.append(request.url))
        page.goto(site + path)
        return sight

    @contextmanager
    def _page(self, settings: dict[str, Any]) -> Iterator[Page]:
        context = self._browser.new_context(**settings)
        yield context.new_page()
        context.close()
