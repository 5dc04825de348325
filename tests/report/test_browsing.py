"""The one page with a script: nothing but that script can run, all rows are in it, and what a log holds stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime

import html5lib
import pytest

from distilforensics.report.browsing import MAX_ROWS, browsing_page
from distilforensics.report.language import language_of

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>&lt;/script&gt;",
    "\u202eevil\x1b[2J\u2028",
    "<img src=x onerror=alert(1)>",
]


def tree_of(content):
    """Return the parsed page."""
    return html5lib.parse(content.decode(), treebuilder="etree", namespaceHTMLElements=False)


def data_of(tree):
    """Return the tables of a page by title."""
    (block,) = [e for e in tree.iter("script") if e.get("type") == "application/json"]
    return {table["title"]: table for table in json.loads(block.text)}


def check_policy(tree):
    """Fail unless nothing but one script and one style can act, each allowed by its own hash."""
    (policy,) = [m.get("content") for m in tree.iter("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    scripts = [e for e in tree.iter("script") if e.get("type") != "application/json"]
    (style,) = tree.iter("style")
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(e.text.encode()).digest()).decode() + "'"
        for e in (*scripts, style)
    ]
    assert len(scripts) == 1
    assert (
        policy
        == f"default-src 'none'; script-src {hashes[0]}; style-src {hashes[1]}; base-uri 'none'; form-action 'none'"
    )
    attributes = {key for e in tree.iter() for key in e.attrib}
    assert not {
        key for key in attributes if key.startswith("on") or key in {"src", "srcset", "style", "action", "href"}
    } - {"href"}
    assert [a.get("href") for a in tree.iter("a")] == ["#main"]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|fetch|XMLHttp|import", scripts[0].text
    )


def test_all_rows_of_the_annexes_are_in_the_page(any_report):
    """As many as the files beside it have, under the same columns."""
    tree = any_report.annex("browse.html")
    check_policy(tree)
    tables = data_of(tree)
    assert {"Accounts", "Tests"} <= set(tables)
    for table in tables.values():
        rows = any_report.rows(table["file"])
        assert len(table["rows"]) == len(rows)
        assert table["columns"] == list(rows[0])
        assert table["omitted"] == ""


def test_what_a_log_holds_stays_text():
    """In cells, headings, titles and the running head."""
    rows = [{"account_id": text, text: 1} for text in HOSTILE]
    content = browsing_page(
        [(HOSTILE[0], "accounts.csv", [{"account_id": text} for text in HOSTILE])], HOSTILE[0], language_of("en")
    )
    tree = tree_of(content)
    check_policy(tree)
    (table,) = data_of(tree).values()
    assert [row[0] for row in table["rows"][:3]] == HOSTILE[:3]
    assert "\\u202e" in table["rows"][3][0]
    assert not list(tree.iter("img"))
    check_policy(tree_of(browsing_page([("t", "t.csv", rows[:1])], "", language_of("en"))))


@pytest.mark.parametrize(("n", "n_left"), [(25_000, 0), (MAX_ROWS + 7, 7)])
def test_large_tables_are_held_as_far_as_a_browser_can_sort_them(n, n_left):
    """Numbers stay numbers, so that they are sorted as such; what is left out is said."""
    moment = datetime(2026, 3, 1)
    rows = [{"account_id": f"acct-{i}", "n": i, "first_seen": moment, "support": ["a", "b"]} for i in range(n)]
    content = browsing_page([("Accounts", "accounts.csv", rows), ("Empty", "empty.csv", [])], "x", language_of("en"))
    (table,) = data_of(tree_of(content)).values()
    assert len(table["rows"]) == n - n_left
    assert table["rows"][3] == ["acct-3", 3, "2026-03-01T00:00:00", "a; b"]
    assert table["omitted"].startswith(f"{n_left} more") if n_left else not table["omitted"]
    assert len(content) < 60 * n + 20_000
