"""Elements, and what becomes of text from outside."""

from __future__ import annotations

import base64
import hashlib

import pytest

from xelinkd.views.html import Markup, escaped, policy, tag, together


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"' & &amp;", "&quot;&#x27; &amp; &amp;amp;"),
        ("nul \x00, escape \x1b, C1 \x9b", "nul \ufffd, escape \ufffd, C1 \ufffd"),
        ("not UTF-8 \udc80", "not UTF-8 \ufffd"),
        ("backwards \u202e\u2066", "backwards \ufffd\ufffd"),
        ("Grüße 漢字 😀\n", "Grüße 漢字 😀\n"),
    ],
)
def test_text_is_escaped(text: str, shown: str) -> None:
    """Text from outside is text in the page, whatever it looks like, and can always be sent."""
    assert escaped(text) == shown
    assert tag("p", text) == f"<p>{shown}</p>"
    assert tag("p", title=text) == f'<p title="{shown}"></p>'
    assert escaped(text).encode()


def test_elements_nest() -> None:
    """What is an element already is not escaped again."""
    assert tag("ul", tag("li", "a<b"), class_="x") == '<ul class="x"><li>a&lt;b</li></ul>'
    assert together([Markup("<br>"), "<br>"]) == "<br>&lt;br&gt;"
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert tag("p", class_="") == "<p></p>"
    assert tag("path", stroke_width="2") == '<path stroke-width="2"></path>'


def test_policy_allows_one_style_sheet_and_nothing_else() -> None:
    """A browser that holds to the policy runs nothing and loads nothing."""
    digest = base64.b64encode(hashlib.sha256(b"p{}").digest()).decode()
    assert policy("p{}", "img-src data:") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
