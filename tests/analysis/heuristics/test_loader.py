"""Headers are complete, well-formed and in their vocabularies, or the heuristic is refused with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.heuristics.loader import load_catalog, load_heuristic, needs_of_catalog
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.analysis.heuristics.loader import Heuristic


def test_a_heuristic_says_its_numbers_through_its_parameters(make_heuristic: Callable[..., Heuristic]) -> None:
    """Sentences take defaults, or the values of a run."""
    heuristic = make_heuristic()
    assert heuristic.sentence("volume") == "a group of 10 accounts"
    assert heuristic.sentence("sees", {"min_exchanges": 7}) == "a group of 7 exchanges"


def test_a_parameter_name_that_begins_another_one_is_not_replaced_inside_it(
    make_heuristic: Callable[..., Heuristic],
) -> None:
    """`$min` and `$min_accounts` stay apart."""
    params = {
        "min": {"default": 1, "unit": "x", "why": "y"},
        "min_accounts": {"default": 22, "unit": "accounts", "why": "y"},
    }
    assert make_heuristic(params=params, volume="$min_accounts and $min").sentence("volume") == "22 and 1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": None}, "the header lacks title"),
        ({"colour": "red"}, "the header has unknown keys colour"),
        ({"id": "structure.other"}, "id is 'structure.other', expected 'structure.example'"),
        ({"status": "good"}, "status is 'good', expected one of experimental, test, stable"),
        ({"level": "huge"}, "level is 'huge'"),
        ({"entity": "person"}, "entity is 'person', expected one of account, group, log"),
        ({"needs": ["shoe_size"]}, "needs 'shoe_size'"),
        ({"needs": ["account_id|accounts_directory.shoe_size"]}, "needs 'accounts_directory.shoe_size'"),
        ({"params": {"n": {"default": 1, "unit": "x"}}}, "params.n must have exactly default, unit, why"),
        ({"output": {"n": {"unit": "x"}}}, "output.n must have exactly meaning, unit"),
        ({"value": {"unit": "x"}}, "value must have exactly meaning, unit"),
        ({"version": 0}, "version is '0', expected an integer from 1"),
    ],
)
def test_a_faulty_header_is_refused(
    make_heuristic: Callable[..., Heuristic], changes: dict[str, Any], message: str
) -> None:
    """The message names the file and the fault."""
    with pytest.raises(HeuristicError) as caught:
        make_heuristic(**changes)
    assert message in str(caught.value)
    assert str(caught.value).startswith("structure/example.sql: ")


def test_an_override_must_name_a_parameter(make_heuristic: Callable[..., Heuristic]) -> None:
    """A misspelt parameter is an error, never ignored."""
    with pytest.raises(HeuristicError, match="has no parameter 'min_acounts'"):
        make_heuristic().defaults({"min_acounts": 3})


def test_the_catalogue_is_sorted_and_can_be_narrowed_to_a_family_or_an_id() -> None:
    """Order and choice do not depend on the file system."""
    ids = [heuristic.id for heuristic in load_catalog()]
    assert ids == sorted(ids)
    assert {heuristic.family.value for heuristic in load_catalog(["harvest"])} == {"harvest"}
    assert [heuristic.id for heuristic in load_catalog(["structure.template_span"])] == ["structure.template_span"]


def test_leads_lie_in_their_folder_and_nothing_else_does(make_heuristic: Callable[..., Heuristic]) -> None:
    """Level and folder cannot contradict each other; a lead keeps the family in its id."""
    leads = load_catalog(["leads"])
    assert (
        {"leads"}
        == {heuristic.folder.name for heuristic in leads}
        == {h.folder.name for h in load_catalog() if h.level == "lead"}
    )
    assert {"infrastructure", "evasion"} < {heuristic.family.value for heuristic in leads}
    with pytest.raises(HeuristicError, match="level is lead in the folder structure"):
        make_heuristic(level="lead")
    with pytest.raises(HeuristicError, match="level is low in the folder leads"):
        make_heuristic(folder_name="leads")
    assert make_heuristic(folder_name="leads", level="lead").level == "lead"


def test_what_makes_candidates_is_no_lead(make_heuristic: Callable[..., Heuristic]) -> None:
    """Whatever coordination fired on becomes a candidate, so it would be counted."""
    with pytest.raises(HeuristicError, match="cannot be a lead"):
        make_heuristic(folder_name="leads", id="coordination.example", level="lead")


def test_codes_are_unique() -> None:
    """A code of the catalogue means one heuristic."""
    codes = [heuristic.code for heuristic in load_catalog()]
    assert len(codes) == len(set(codes))


def test_an_unknown_name_is_an_error_with_a_hint() -> None:
    """Neither choosing nor loading guesses."""
    with pytest.raises(HeuristicError, match="no heuristic or family has the name 'strukture'"):
        load_catalog(["strukture"])
    with pytest.raises(HeuristicError, match="heuristics list"):
        load_heuristic("structure.nothing")


def test_needs_can_be_asked_for_the_whole_catalogue() -> None:
    """What could be tested with a log is known before the log is read."""
    needs = needs_of_catalog()
    assert needs["structure.template_span"] == ["account_id", "started_at", "prompt_text|prompt_sha256"]
    assert sorted(needs) == [heuristic.id for heuristic in load_catalog()]
