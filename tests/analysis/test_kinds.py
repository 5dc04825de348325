"""The kinds of groups stand in one file; everything that speaks of them follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.analysis import kinds as module
from distilforensics.analysis.catalogue.document import render_catalog
from distilforensics.analysis.catalogue.testing import create_tables, scratch_connection
from distilforensics.analysis.kinds import Kind, kinds, template_uses, text_kinds
from distilforensics.analysis.link_parameters import comparisons

if TYPE_CHECKING:
    import pytest


def test_six_kinds_rest_on_the_text_of_prompts() -> None:
    """What rests on text can be quoted; findings tell it from habits of a program."""
    assert {"system", "prefix", "suffix", "near", "passage", "prompt"} == text_kinds()


def test_kinds_stand_in_the_order_of_the_ids_of_their_groups() -> None:
    """Long tables are made kind by kind, and their rows are sorted by the id that begins with it."""
    assert sorted(kinds()) == list(kinds())


def test_every_kind_is_read_from_its_own_column() -> None:
    """One exchange that carries all kinds is one use of each, under the id that begins with the kind."""
    columns = {kind: f"{kind}_template" for kind in kinds() if kind != "prompt"} | {"parameters": "parameter_template"}
    row = {column: f"{kind}:x" for kind, column in columns.items()}
    given = {"exchange_features": [{"account_id": "a", "prompt_hash": "x", "prompt_chars": 16, **row}]}
    with scratch_connection() as connection:
        create_tables(connection, given, ())
        found = connection.execute(f"select kind, template_id from ({template_uses()})").fetchall()

    assert sorted((kind, f"{kind}:x") for kind in kinds()) == sorted(found)


def test_a_short_prompt_is_no_template() -> None:
    """Greetings repeat by chance; a prompt of unknown length counts."""
    rows = [{"account_id": f"a{n}", "prompt_hash": f"p{n}", "prompt_chars": n} for n in (15, 16, None)]
    with scratch_connection() as connection:
        create_tables(connection, {"exchange_features": rows}, ())
        found = connection.execute(f"select template_id from ({template_uses()}) order by all").fetchall()

    assert [("prompt:p16",), ("prompt:pNone",)] == found


def test_a_further_kind_is_one_more_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has uses, a weight in linkage where it states one, and is named in the reference page."""
    tools = Kind("tools", "'tools:' || tools_sha256", "set of tools", is_text=False, links=True)
    rows = kinds() | {"tools": tools}
    monkeypatch.setattr(module, "kinds", lambda: rows)
    monkeypatch.setattr("distilforensics.analysis.link_parameters.kinds", lambda: rows)
    monkeypatch.setattr("distilforensics.analysis.catalogue.document.kinds", lambda: rows)

    assert "'tools:' || tools_sha256" in template_uses()
    assert ("tools", "program", 0.5) in [(entry.attribute, entry.family, entry.m) for entry in comparisons()]
    assert ", `tools`" in render_catalog()
