"""The page in a real browser: what is seen of it, and what it may do."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.machines import full_mesh, never_known, unknown_now, watched, without_gpu
from support.site import Answer, answers_of
from support.states import SUPERVISION, changed, replace

from xelinkd.simulator.machine import mesh, parse_machine
from xelinkd.state.history import Kind, noted, seen
from xelinkd.state.told import Ended, Setting

if TYPE_CHECKING:
    from support.sight import Opener, Sight

    from xelinkd.state.told import State

MESH = parse_machine("8x-max1550")
LONG = "averylongwordthatcannotbebroken" * 12


def eventful() -> State:
    """Give the state after a link was lost, another came back, and the source failed for a while."""
    state = watched(MESH, "0.0-3.0", "2.1-6.1")
    history = noted(
        state.history, Kind.SOURCE_FAILING, 9_500.0, "refused", "nothing listens on 127.0.0.1:29999"
    )
    history = noted(history, Kind.SOURCE_BACK, 9_530.0, "refused")
    one = watched(MESH, "2.1-6.1").history.topology
    assert one
    return replace(state, history=seen(history, one, 9_700.0))


def troubled() -> State:
    """Give the state of a daemon that never had an answer, with a refused configuration."""
    problems = ("source.interval: not a duration: 5", f"labels.namespace: {LONG}")
    configuration = changed(SUPERVISION.configuration, refusals=1, problems=problems)
    ended = (Ended("fetcher", "SIGKILL", 3, 9_100.0),)
    return replace(never_known(), supervision=changed(SUPERVISION, configuration=configuration, ended=ended))


STATES = {
    "good": watched(MESH),
    "eventful": eventful(),
    "gpu-gone": without_gpu(MESH, 5),
    "stale": unknown_now(watched(MESH)),
    "troubled": troubled(),
    "bare": watched(mesh(1, 1)),
    "full-mesh": watched(full_mesh(8, 2)),
    "largest": watched(mesh(64, 2)),
}
PATHS = ("/", "/topology.svg", "/topology.json")

# Each text's colour against what is behind it, as WCAG counts contrast; below 4.5 it is hard to read.
CONTRASTS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => parts(colour).slice(0, 3)
    .map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (parts(colour)[3] !== 0) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const texts = [...document.querySelectorAll("body *")].filter(element => !element.closest("svg")
    && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return texts.map(element => {
    const both = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    return [(both[0] + 0.05) / (both[1] + 0.05), element.textContent];
  });
}"""


def count(sight: Sight, selector: str) -> int:
    """Count what is there."""
    found: int = sight.page.locator(selector).count()
    return found


def test_a_missing_link_is_seen(look: Opener) -> None:
    """A link that fails is seen in the drawing, in its own colour and dashed, in words, and in the matrix."""
    sight = look(STATES["eventful"])
    lost = sight.page.locator("svg .missing .lost")
    assert lost.count() == 1
    assert lost.is_visible()
    style = "path => [getComputedStyle(path).strokeDasharray, getComputedStyle(path).stroke]"
    dashes, colour = lost.evaluate(style)
    plain_dashes, plain_colour = sight.page.locator("svg .links .link").first.evaluate(style)
    assert (dashes != "none", plain_dashes) == (True, "none")
    assert colour != plain_colour
    assert sight.page.get_by_role("cell", name="missing").count() == 2
    assert sight.page.get_by_text("1 link is missing: 2.1-6.1.").is_visible()
    assert sight.page.get_by_text("link 0.0-3.0 lost 07:50:00, back 07:55:00, after 5 min").is_visible()


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("path", PATHS)
def test_the_browser_has_nothing_to_complain_of(look: Opener, name: str, path: str) -> None:
    """No error, no breach of the policy, no request but the one."""
    sight = look(STATES[name], path)
    assert sight.complaints == []
    assert sight.requests == [sight.site + path]


def test_complaints_would_be_noticed(look: Opener) -> None:
    """What the policy forbids is refused by the browser, and these tests would see it."""
    answers = answers_of(STATES["good"])
    page = answers["/"]
    body = page.body.replace(b"</main>", b"</main><script>document.title = 'taken over'</script><img src=x>")
    sight = look.at({**answers, "/": Answer(page.content_type, page.policy, body)}, "/")
    assert len(sight.complaints) == 2
    assert sight.requests == [sight.site + "/", sight.site + "/x"]  # asked for, and refused inside
    assert sight.page.title() == "✓ 56 links - xelinkd"


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("name", STATES)
def test_nothing_is_wider_than_the_screen(look: Opener, name: str, width: int) -> None:
    """Nobody has to scroll the page sideways, on a phone or elsewhere; what is too wide scrolls by itself."""
    sight = look(STATES[name], width=width)
    assert sight.page.evaluate("document.documentElement.scrollWidth") == width


def test_the_whole_configuration_is_seen(look: Opener) -> None:
    """Whoever wonders about a key sees its value and where that came from, also of a long path."""
    path = Setting("feature_file.path", f'"{SUPERVISION.place}"', "flag -dst-file-path")
    settings = (*SUPERVISION.configuration.settings, path)
    configuration = changed(SUPERVISION.configuration, settings=settings)
    sight = look(replace(STATES["good"], supervision=changed(SUPERVISION, configuration=configuration)))
    box = sight.page.locator("#configuration .scrolling")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_cards_end_where_their_content_does(look: Opener) -> None:
    """A long configuration does not leave the cards beside it empty for a screen."""
    settings = tuple(Setting(f"section.key_{number}", '"value"', "default") for number in range(40))
    configuration = changed(SUPERVISION.configuration, settings=settings)
    sight = look(replace(STATES["good"], supervision=changed(SUPERVISION, configuration=configuration)))
    for card in ("#processes", "#confinement"):
        empty = "card => card.getBoundingClientRect().bottom - card.lastChild.getBoundingClientRect().bottom"
        assert sight.page.locator(card).evaluate(empty) < 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["good", "eventful", "stale", "troubled"])
def test_every_text_can_be_read(look: Opener, name: str, scheme: str) -> None:
    """In light and in dark, no text is too faint."""
    sight = look(STATES[name], color_scheme=scheme)
    assert [text for contrast, text in sight.page.evaluate(CONTRASTS) if contrast < 4.5] == []
    background = sight.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(13, 17, 23)") == (scheme == "dark")


def test_it_works_without_javascript(look: Opener) -> None:
    """With scripts turned off everything is there, older changes unfold, and the links lead on."""
    history = STATES["eventful"].history
    for number in range(20):
        history = noted(history, Kind.SOURCE_BACK, 9_800.0 + number)
    sight = look(replace(STATES["eventful"], history=history), java_script_enabled=False)
    assert sight.page.get_by_role("img", name="8 GPUs").is_visible()
    older = sight.page.get_by_text("link 0.0-3.0 lost 07:50:00, back 07:55:00")
    assert not older.is_visible()
    sight.page.get_by_text("earlier changes").click()
    assert older.is_visible()
    sight.page.get_by_role("link", name="this drawing").click()
    assert sight.page.url == f"{sight.site}/topology.svg"
    assert sight.page.locator(".card").count() == 8


def test_landmarks_and_headings(look: Opener) -> None:
    """A screen reader finds its way: landmarks, one first heading, no level left out, sections by name."""
    page = look(STATES["eventful"]).page
    assert page.locator("html").get_attribute("lang") == "en"
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    levels = page.eval_on_selector_all("h1,h2,h3,h4", "found => found.map(one => Number(one.tagName[1]))")
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for name in ("Topology", "Checks", "Matrix", "Labels", "Changes", "Processes", "Configuration"):
        assert page.get_by_role("region", name=name, exact=True).count() >= 1
    ids = page.eval_on_selector_all("[id]", "found => found.map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_tables_and_pictures_have_names(look: Opener) -> None:
    """Every table tells which cell belongs to which heading, and the drawing says in words what it shows."""
    page = look(STATES["eventful"]).page
    assert page.locator("th:not([scope])").count() == 0
    assert page.get_by_role("columnheader", name="0.0", exact=True).count() == 1
    assert page.get_by_role("rowheader", name="0.0", exact=True).count() == 1
    assert page.get_by_role("img", name="8 GPUs, 16 tiles, 55 links, 1 missing").count() == 1
    assert page.locator("svg desc").text_content().count("2.1-6.1 missing since 07:50:00 UTC") == 1
    assert page.locator("a:not([href])").count() == 0


def test_the_keyboard_reaches_everything(look: Opener) -> None:
    """Without a mouse, each link can be followed and each wide table scrolled, and one sees where one is."""
    page = look(STATES["eventful"], width=360).page
    reachable = page.locator("a, summary, [tabindex='0']").count()
    reached = []
    for _ in range(reachable):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert len(set(reached)) == reachable


def test_an_unknown_topology_looks_unknown(look: Opener) -> None:
    """Without a topology there is no card and no matrix, but the reason, and a title that tells."""
    sight = look(STATES["troubled"])
    assert count(sight, "svg .card") == 0
    assert count(sight, "table.matrix") == 0
    assert sight.page.get_by_role("img", name="The topology is unknown").is_visible()
    assert sight.page.title() == "✕ config check fails - xelinkd"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", STATES)
def test_screenshots_are_kept(look: Opener, name: str, scheme: str) -> None:
    """Every kind of page can be looked at, in light and dark, on a wide screen and on a phone."""
    full = name != "largest"  # of which the matrix takes many screens
    look(STATES[name], color_scheme=scheme).keep(f"{name}-{scheme}", full=full)
    look(STATES[name], width=360, height=740, color_scheme=scheme).keep(f"{name}-{scheme}-phone", full=full)


def test_screenshots_for_the_documentation(look: Opener) -> None:
    """The documentation can show what the page looks like."""
    look(STATES["good"], height=1000).keep("page-light", full=False)
    look(STATES["good"], height=1000, color_scheme="dark").keep("page-dark", full=False)
    look(STATES["eventful"], width=360, height=740, device_scale_factor=2).keep("phone", full=False)
    look(STATES["eventful"], "/topology.svg", width=640, height=680).keep("missing-link", full=False)
