"""Whatever a fetcher that was taken over tells: it is shown, as text, and nothing breaks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from support.states import GOOD, changed, replace

from xelinkd.model.topology import Sighting, Tile, Topology
from xelinkd.model.unknown import Reason
from xelinkd.state.history import Event, History, Kind, Missing
from xelinkd.state.told import Ignorance
from xelinkd.views.documents import topology_json
from xelinkd.views.drawing import topology_svg
from xelinkd.views.page import page

if TYPE_CHECKING:
    from xelinkd.state.told import State

numbers = st.integers(0, 6) | st.integers(0, 2**63)
moments = st.floats(0, 20_000) | st.floats(0, 1e15)
words = st.text(st.characters(codec="utf-8"), max_size=20)
tiles = st.builds(Tile, numbers, numbers)
sightings = st.builds(Sighting, tiles, tiles, numbers, on_subdevice=st.booleans())
ends = st.tuples(tiles, tiles).map(lambda pair: (min(pair), max(pair)))
topologies = st.builds(
    Topology, st.lists(tiles, max_size=20).map(tuple), st.lists(sightings, max_size=20).map(tuple)
)
histories = st.builds(
    History,
    st.none() | topologies,
    st.lists(st.builds(Missing, ends, numbers, moments), max_size=5).map(tuple),
    st.lists(st.builds(Event, st.sampled_from(Kind), moments, words, words), max_size=5).map(tuple),
)
ignorances = st.none() | st.builds(Ignorance, st.sampled_from(Reason), words, moments)


def states() -> st.SearchStrategy[State]:
    """Give states with whatever history, moments and words."""
    fetchings = st.builds(
        lambda moment, oddity: changed(GOOD.fetching, asks_at=moment, oddities=(oddity,)), moments, words
    )
    keepings = st.builds(
        lambda ignorance, known_at, end: changed(
            GOOD.keeping, ignorance=ignorance, known_at=known_at, end=end
        ),
        ignorances,
        st.none() | moments,
        st.none() | moments,
    )
    return st.builds(
        lambda history, fetching, keeping: replace(GOOD, history=history, fetching=fetching, keeping=keeping),
        histories,
        fetchings,
        keepings,
    )


@given(states())
def test_it_is_always_shown(state: State) -> None:
    """The page, the drawing and the JSON can be made of any state, and can be read."""
    assert page.document(state).endswith(b"</html>\n")
    assert ET.fromstring(topology_svg.document(state)).tag.endswith("svg")  # noqa: S314  our own
    assert json.loads(topology_json.document(state))["version"] == 1


@given(moments)
def test_no_topology_is_no_machine_without_links(moment: float) -> None:
    """An observation that names no tile is not drawn as GPUs without links."""
    state = replace(GOOD, history=History(Topology((), ())), keeping=changed(GOOD.keeping, known_at=moment))
    assert b"The topology cannot be drawn" in topology_svg.document(state)
    assert b"This machine has no XeLink" not in page.document(state)
