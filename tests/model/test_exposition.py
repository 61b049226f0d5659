"""The reader of the one metric family, against every way in which the format lets it be written."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import examples
from support.pages import rows_of

from xelinkd.model.exposition import FAMILY, MalformedLineError, family_lines
from xelinkd.model.page import read_page
from xelinkd.model.topology import Card, Row, Tile
from xelinkd.model.unknown import Reason, UnknownPageError

_LABELS = {
    "dev_name": "Intel(R) Data Center GPU Max 1550",
    "lane_count": "8",
    "local_device_id": "0",
    "local_on_subdevice": "true",
    "local_subdevice_id": "1",
    "remote_device_id": "2",
    "remote_subdevice_id": "3",
}
_ROW = Row(Tile(0, 1), Tile(2, 3), 1.0, 8, on_subdevice=True)


def _line(labels: dict[str, str], value: str = "1.0") -> bytes:
    text = ",".join(f'{name}="{label}"' for name, label in labels.items())
    return FAMILY + f"{{{text}}} {value}".encode()


def _plain(**changed: str) -> bytes:
    return _line(_LABELS | changed)


def _without(*names: str) -> dict[str, str]:
    return {name: value for name, value in _LABELS.items() if name not in names}


_PLAIN = _plain()


# Spellings of one line that all mean the same.

_SPELLINGS = {
    "as XPU Manager writes it": _PLAIN,
    "value 1": _line(_LABELS, "1"),
    "value 1.": _line(_LABELS, "1."),
    "value 1e0": _line(_LABELS, "1e0"),
    "value 10E-1": _line(_LABELS, "10E-1"),
    "value +1": _line(_LABELS, "+1"),
    "value 01": _line(_LABELS, "01"),
    "value .1e1": _line(_LABELS, ".1e1"),
    "a time stamp": _PLAIN + b" 1767225600000",
    "a negative time stamp": _PLAIN + b"\t-5",
    "blanks before the line": b" \t" + _PLAIN,
    "blanks after the line": _PLAIN + b" \t ",
    "blanks everywhere": _PLAIN.replace(b"{", b" { ")
    .replace(b"=", b" = ")
    .replace(b'",', b'"\t, ')
    .replace(b"}", b"\t}\t"),
    "no blank before the value": _PLAIN.replace(b"} ", b"}"),
    "a comma after the last label": _PLAIN.replace(b"}", b",}"),
    "lan_count, as old versions": _PLAIN.replace(b"lane_count", b"lan_count"),
    "no local_on_subdevice": _line(_without("local_on_subdevice")),
    "an escaped quote": _plain(dev_name=r"odd \"name\""),
    "an escaped backslash": _plain(dev_name=r"C:\\"),
    "an escaped line feed": _plain(dev_name=r"two\nlines"),
    "braces and commas in a value": _plain(dev_name='},{a="b",'.replace('"', r"\"")),
    "the family's name in a value": _plain(dev_name="xpum_topology_link{"),
    "64 labels": _line({f"l{n}": "" for n in range(64 - len(_LABELS))} | _LABELS),
    "text that is not ASCII": _plain(dev_name="Grafik™ \U0001f5a5"),
    "a plus sign in an id": _plain(remote_device_id="+2"),
    "zeros before an id": _plain(remote_device_id="002"),
    "labels of a pod": _line(_LABELS | {"kube_pod": "train-0", "kube_namespace": "ml"}),
}


@pytest.mark.parametrize("spelling", _SPELLINGS.values(), ids=_SPELLINGS)
def test_a_spelling_alone(spelling: bytes) -> None:
    """However the format lets a line be written, it is the same row."""
    assert rows_of(spelling) == (_ROW,)


@pytest.mark.parametrize("spelling", _SPELLINGS.values(), ids=_SPELLINGS)
def test_a_spelling_among_plain_lines(spelling: bytes) -> None:
    """A line that is written differently from its neighbours is read like them."""
    page = b"\n".join((_PLAIN, spelling, _PLAIN, spelling, spelling))
    assert rows_of(page) == (_ROW,) * 5


def test_the_order_of_labels_does_not_matter() -> None:
    """An exporter that writes its labels in any other order is understood."""
    names = [name for name in _LABELS if name != "dev_name"]
    orders = [_line({name: _LABELS[name] for name in order}) for order in permutations(names)]
    assert set(rows_of(b"\n".join(orders))) == {_ROW}
    assert len(rows_of(b"\n".join(orders))) == len(orders)


@pytest.mark.parametrize(
    ("labels", "on_subdevice"),
    [
        pytest.param(_LABELS | {"local_on_subdevice": "false"}, False, id="false"),
        pytest.param(_LABELS | {"local_on_subdevice": ""}, False, id="empty"),
        pytest.param(_LABELS | {"local_on_subdevice": "True"}, False, id="True"),
        pytest.param(_LABELS | {"local_on_subdevice": r"tr\\ue"}, False, id="escaped"),
        pytest.param(_without("local_on_subdevice"), True, id="absent"),
    ],
)
def test_on_subdevice_is_the_word_true_or_absent(labels: dict[str, str], *, on_subdevice: bool) -> None:
    """Links of devices without tiles are told apart as by the Go program."""
    page = b"\n".join((_PLAIN, _line(labels)))
    assert rows_of(page) == (_ROW, _ROW._replace(on_subdevice=on_subdevice))


@pytest.mark.parametrize("name", [name for name in _LABELS if name.endswith(("_id", "_count"))])
@pytest.mark.parametrize("value", ["", "-1", "1.0", "0x1", "one", "1 ", "٣", "9" * 19, "9" * 5000])
def test_a_row_without_proper_numbers_is_passed_over(name: str, value: str) -> None:
    """A label that is no integer >= 0 costs its own row, and no other."""
    page = b"\n".join((_PLAIN, _plain(**{name: value}), _PLAIN))
    assert rows_of(page) == (_ROW, _ROW)


@pytest.mark.parametrize("name", [name for name in _LABELS if name.endswith(("_id", "_count"))])
def test_a_row_without_one_of_the_labels_is_passed_over(name: str) -> None:
    """A row that does not name its tiles and lanes costs itself, and no other."""
    page = b"\n".join((_line(_without(name)), _PLAIN))
    assert rows_of(page) == (_ROW,)


@pytest.mark.parametrize("value", ["NaN", "nan", "+Inf", "-inf", "Infinity", "-1.0", "1e-9", "5", "1" * 400])
def test_any_number_is_a_value(value: str) -> None:
    """A connection type never seen before is read as it is; it is no XeLink."""
    (row,) = rows_of(_line(_LABELS, value))
    assert repr(row.connection) == repr(float(value))


@pytest.mark.parametrize(
    "neighbour",
    [
        b"# HELP xpum_topology_link how xpum_topology_link{} is meant",
        b"# TYPE xpum_topology_link gauge",
        b"#xpum_topology_link{} nonsense",
        _PLAIN.replace(FAMILY, FAMILY + b"_total"),
        _PLAIN.replace(FAMILY, FAMILY + b":sum"),
        _PLAIN.replace(FAMILY, b"my_" + FAMILY),
        _PLAIN.replace(FAMILY, b'other{a="' + FAMILY + b'{"} 1 #'),
        b'other{broken="' + FAMILY,
        b"\xff\xfe not text " + FAMILY,
        b"x" * 10_000,
        b"",
        b" \t",
    ],
)
def test_lines_of_others_do_not_matter(neighbour: bytes) -> None:
    """Whatever else stands on the page, malformed or not, changes nothing."""
    page = b"\n".join((neighbour, _PLAIN, neighbour, _PLAIN, neighbour))
    assert rows_of(page) == (_ROW, _ROW)


_MALFORMED = {
    "nothing after the name": FAMILY,
    "no value": _PLAIN.removesuffix(b" 1.0"),
    "an empty value": _PLAIN.removesuffix(b"1.0"),
    "no closing brace": _PLAIN.replace(b"}", b""),
    "no closing quote": _PLAIN.replace(b'3"}', b"3}"),
    "cut in a label": _PLAIN[:90],
    "cut in an escape": _plain(dev_name="a")[: _plain(dev_name="a").index(b'"a') + 2] + b"\\",
    "an unknown escape": _plain(dev_name=r"\t"),
    "a label without quotes": _PLAIN.replace(b'"8"', b"8"),
    "a label that begins with a digit": _PLAIN.replace(b"dev_name", b"2nd_name"),
    "a label that stands twice": _PLAIN.replace(b"}", b',lane_count="8"}'),
    "two commas": _PLAIN.replace(b'",', b'",,', 1),
    "no comma": _PLAIN.replace(b'",', b'" ', 1),
    "only a comma": FAMILY + b"{,} 1",
    "a label value that is not UTF-8": _PLAIN.replace(b"Intel", b"\xff"),
    "a carriage return": _PLAIN + b"\r",
    "a value in words": _line(_LABELS, "one"),
    "a hexadecimal value": _line(_LABELS, "0x1"),
    "a value with an underscore": _line(_LABELS, "1_0"),
    "a signed NaN": _line(_LABELS, "-NaN"),
    "a value without digits": _line(_LABELS, "."),
    "a value with half an exponent": _line(_LABELS, "1e"),
    "a time stamp with a point": _PLAIN + b" 1.5",
    "words after the time stamp": _PLAIN + b" 1 more",
    "65 labels": _line({f"l{n}": "" for n in range(65)}),
    "an exemplar": _PLAIN + b' # {a="b"} 1',
}


@pytest.mark.parametrize("malformed", _MALFORMED.values(), ids=_MALFORMED)
def test_a_malformed_line_is_named(malformed: bytes) -> None:
    """Whoever has to find the fault is told the line; a page with one is never read in part."""
    page = b"\n".join((b"# a comment", _PLAIN, b"", malformed, _PLAIN))
    with pytest.raises(UnknownPageError, match=r"^line 4: ") as caught:
        read_page(page)
    assert caught.value.reason is Reason.MALFORMED
    assert len(str(caught.value)) < 1000


def test_a_page_of_odd_lines_is_not_read_for_ever() -> None:
    """Lines that have to be read the slow way are read up to a number that no machine needs."""
    odd = b"\n".join([_line(_LABELS, "1e0")] * 4096)
    assert len(rows_of(odd)) == 4096
    with pytest.raises(UnknownPageError, match=r"^line 4097: one of more than 4096 spelled oddly"):
        read_page(odd + b"\n" + _line(_LABELS, "1e0"))


def test_family_lines_are_given_by_their_ends() -> None:
    """The lines found are exactly those of the family, whole."""
    page = b"a 1\n" + _PLAIN + b"\nb 2\n \t" + _PLAIN
    assert [page[start:end] for start, end in family_lines(page)] == [_PLAIN, b" \t" + _PLAIN]


# Properties.


class _Spelt(NamedTuple):
    row: Row
    line: bytes


_BLANKS = st.sampled_from(["", "", "", " ", "\t", "  \t"])
_VALUES = st.sampled_from(
    ["1", "1.0", "1.", "1e0", "+1", "0", "0.0", "5", "2.0", "-1", "-1.0", "3E0", "Inf", "15", "01"]
)
_NAMES_OF_OTHERS = st.sampled_from(["dev_name", "uuid", "kube_pod", "src", "le"])
_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ['"', "\\", "\n", "}", "{", ",", 'xpum_topology_link{a="b"} 1', "\\n", "end\\"]
)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


@st.composite
def _spelt(draw: st.DrawFn) -> _Spelt:
    """Give a row and one of the lines that mean it."""
    numbers = draw(st.tuples(*[st.integers(0, 20)] * 4, st.integers(0, 99)))
    on_subdevice = draw(st.booleans())
    labels = dict(
        zip(
            (
                "local_device_id",
                "local_subdevice_id",
                "remote_device_id",
                "remote_subdevice_id",
                draw(st.sampled_from(["lane_count", "lan_count"])),
            ),
            map(str, numbers),
            strict=True,
        )
    )
    labels["local_on_subdevice"] = "true" if on_subdevice else "false"
    others = draw(st.dictionaries(_NAMES_OF_OTHERS, _TEXTS, max_size=3))
    labels |= {name: _escaped(text) for name, text in others.items()}
    order = draw(st.permutations(list(labels)))
    gap = draw(_BLANKS)
    text = f"{gap},{gap}".join(f'{name}{gap}={gap}"{labels[name]}"' for name in order)
    comma = draw(st.sampled_from(["", f",{gap}"]))
    value = draw(_VALUES)
    stamp = draw(st.sampled_from(["", "", " 1767225600000", "\t-1"]))
    line = f"{gap}xpum_topology_link{gap}{{{gap}{text}{comma}{gap}}}{gap or ' '}{value}{stamp}{draw(_BLANKS)}"
    device, subdevice, remote_device, remote_subdevice, lanes = numbers
    row = Row(
        Tile(device, subdevice), Tile(remote_device, remote_subdevice), float(value), lanes, on_subdevice
    )
    return _Spelt(row, line.encode())


@given(st.lists(_spelt(), min_size=1, max_size=8))
def test_whatever_the_format_allows_is_read(page: list[_Spelt]) -> None:
    """Any page that keeps to the format gives the rows it was written from, in its order."""
    content = b"\n".join(spelt.line for spelt in page)
    assert rows_of(content) == tuple(spelt.row for spelt in page)


_PIECES = st.sampled_from(
    [
        *(FAMILY, _PLAIN, _PLAIN + b"\n", b"\n" + FAMILY + b"{", b"#", b"\n", b"\r", b"\xff", b"\x00"),
        *(b"{", b"}", b'"', b"\\", b"\\n", b" ", b"\t", b"=", b",", b"_", b"-", b"1", b"1.0", b"NaN"),
        *(b'lane_count="1"', b"local_device_id", b'="0",'),
    ]
)
_NOISE = st.binary(max_size=200) | st.lists(_PIECES | st.binary(max_size=3), max_size=30).map(b"".join)


def _rows_or_line(content: bytes) -> tuple[Row, ...] | int:
    try:
        return rows_of(content)
    except MalformedLineError as error:
        return error.line


@examples(400)
@given(_NOISE)
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    """Whatever a source sends, the outcome is rows or the error that names the line."""
    outcome = _rows_or_line(noise)
    if isinstance(outcome, int):
        start, end = list(family_lines(noise))[outcome - 1]
        assert FAMILY in noise[start:end]


@examples(400)
@given(_NOISE)
def test_a_line_means_the_same_alone_and_in_company(noise: bytes) -> None:
    """The quick way, which learns from the lines before, reads what the slow way reads."""
    together = _rows_or_line(_PLAIN + b"\n" + noise)
    alone: list[Row] = []
    for number, (start, end) in enumerate(family_lines(_PLAIN + b"\n" + noise), 1):
        outcome = _rows_or_line((_PLAIN + b"\n" + noise)[start:end])
        if isinstance(outcome, int):
            assert together == number
            return
        alone += outcome
    assert repr(together) == repr(tuple(alone))  # NaN is not equal to itself


@examples(200)
@given(
    st.integers(0, len(_PLAIN)), st.sampled_from([b'"', b"\\", b"}", b" ", b"\n", b"1", b",", b"\xff", b"\t"])
)
def test_a_damaged_line_means_the_same_alone_and_in_company(at: int, damage: bytes) -> None:
    """One byte put into a plain line is judged alike by the quick and the slow way."""
    line = _PLAIN[:at] + damage + _PLAIN[at:]
    together, alone = _rows_or_line(_PLAIN + b"\n" + line), _rows_or_line(line)
    if isinstance(alone, int):
        assert together == alone + 1
    else:
        assert together == (_ROW, *alone)


_CARD = {"dev_file": "card1", "pci_bdf": "0000:18:00.0"}


@pytest.mark.parametrize("blank", ["", " "], ids=["plain", "oddly spelt"])
def test_how_linux_knows_a_gpu(blank: str) -> None:
    """A GPU's file and PCI address are read, however the line is spelt."""
    (row,) = rows_of(blank.encode() + _plain(**_CARD))
    assert row == _ROW._replace(card=Card(0, "card1", "0000:18:00.0"))


@pytest.mark.parametrize("blank", ["", " "], ids=["plain", "oddly spelt"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("dev_file", value)
            for value in ("", "card", "card12345", "card1 ", "card1\\n", "../card1", "renderD128")
        ),
        *(
            ("dev_file", value)
            for value in ("card1 Links=0", "card1#", "/dev/dri/card1", "card\u0661", "CARD1")
        ),
        *(
            ("pci_bdf", value)
            for value in ("", "18:00.0", "0000:18:00", "0000:18:00.8", "0000:18:00.0\\n", "x")
        ),
    ],
)
def test_another_name_of_a_gpu_is_no_name(blank: str, name: str, value: str) -> None:
    """Text that Linux never gives a GPU goes nowhere, and the row counts all the same."""
    (row,) = rows_of(blank.encode() + _plain(**_CARD | {name: value}))
    assert row == _ROW


def test_shapes_with_and_without_cards() -> None:
    """Lines that tell a GPU's file and lines that do not can stand on one page."""
    page = b"\n".join([_plain(**_CARD), _PLAIN, _plain(**_CARD), _plain(dev_file="card1"), _PLAIN])
    assert [row.card is not None for row in rows_of(page)] == [True, False, True, False, False]
