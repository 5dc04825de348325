"""Candidates and members from hand-made groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from distilforensics.assessment.candidates import Candidate, attached_groups, find_candidates
from distilforensics.assessment.material import Material, Observation, typical
from distilforensics.assessment.members import Load, decide_members
from distilforensics.assessment.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping


def accounts(start: int, stop: int) -> frozenset[str]:
    """Return account ids from start to stop - 1."""
    return frozenset(f"acct_{number:03d}" for number in range(start, stop))


def fired(group: str, heuristic_id: str = "coordination.equal_load", *, is_fired: bool = True) -> Observation:
    """Return an observation on a group."""
    family = heuristic_id.split(".", maxsplit=1)[0]
    return Observation(heuristic_id, family, "group", group, is_fired, 1.0, 2.0, 1.5, 1000, 30, True)


def material(
    groups: Mapping[str, frozenset[str]],
    observations: list[Observation],
    links: Mapping[str, Mapping[str, int]] | None = None,
) -> Material:
    """Return material with the groups, their observations and profiles of all accounts."""
    by_entity: dict[str, tuple[Observation, ...]] = {}
    for row in observations:
        by_entity[row.entity_id] = (*by_entity.get(row.entity_id, ()), row)
    everybody = sorted(frozenset().union(*groups.values()))
    profiles = {account: {"n_exchanges": 100} for account in everybody}
    heuristics = sorted({row.heuristic_id for row in observations})
    return Material(
        observations=by_entity,
        group_loads={group: dict.fromkeys(sorted(found), 100) for group, found in groups.items()},
        group_accounts=groups,
        titles={heuristic: heuristic for heuristic in heuristics},
        units=dict.fromkeys(heuristics, "ratio"),
        levels=dict.fromkeys(heuristics, "high"),
        states=dict.fromkeys(heuristics, ("fired", None)),
        profiles=profiles,
        cluster_links=links or {},
    )


def test_two_wordings_and_a_cluster_of_the_same_accounts_are_one_candidate() -> None:
    """A revised frame does not split a campaign, and linkage joins it."""
    groups = {"prefix:a": accounts(0, 60), "prefix:b": accounts(20, 80), "cluster:c": accounts(10, 40)}
    found = find_candidates(material(groups, [fired(group) for group in groups]), PARAMETERS)

    assert [(("cluster:c", "prefix:a", "prefix:b"), accounts(0, 80))] == [(c.seeds, c.accounts) for c in found]
    assert ("prefix:a", "prefix:b") == found[0].templates


def test_a_group_that_bridges_two_candidates_makes_them_one_but_a_small_overlap_does_not() -> None:
    """Half of the smaller group is the rule."""
    apart = {"prefix:a": accounts(0, 40), "prefix:b": accounts(30, 70)}
    bridged = apart | {"prefix:c": accounts(20, 50)}

    assert 2 == len(find_candidates(material(apart, [fired(group) for group in apart]), PARAMETERS))
    assert 1 == len(find_candidates(material(bridged, [fired(group) for group in bridged]), PARAMETERS))


def test_without_coordination_there_is_no_candidate() -> None:
    """Structure and harvest alone never start one."""
    groups = {"prefix:a": accounts(0, 60)}
    rows = [fired("prefix:a", "structure.template_span"), fired("prefix:a", "coordination.rotation", is_fired=False)]

    assert [] == find_candidates(material(groups, rows), PARAMETERS)


def test_parameters_that_honest_accounts_share_do_not_swallow_a_pool() -> None:
    """A client setting of pool and innocents together joins the candidate, but the text alone defines whose exchanges count."""
    groups = {"prefix:a": accounts(0, 60), "parameters:p": accounts(0, 95)}
    found = find_candidates(material(groups, [fired(group) for group in groups]), PARAMETERS)

    assert [("prefix:a",)] == [candidate.templates for candidate in found]


def test_a_popular_text_does_not_take_a_pool_in() -> None:
    """The pool is a quarter of its accounts, and nothing else accounts for the rest."""
    groups = {"prefix:a": accounts(0, 60), "prefix:b": accounts(2, 62), "system:s": accounts(0, 240)}
    found = find_candidates(material(groups, [fired(group) for group in groups]), PARAMETERS)

    assert [("system:s",), ("prefix:a", "prefix:b")] == [candidate.seeds for candidate in found]


def test_a_large_group_takes_its_parts_in_if_they_account_for_it() -> None:
    """Three frames on three parts of a pool, one cluster around them."""
    groups = {f"prefix:{i}": accounts(30 * i, 30 * i + 30) for i in range(3)} | {"cluster:c": accounts(0, 100)}
    found = find_candidates(material(groups, [fired(group) for group in groups]), PARAMETERS)

    assert [tuple(sorted(groups))] == [candidate.seeds for candidate in found]


def test_leaving_a_heuristic_out_leaves_its_seeds_out() -> None:
    """The candidate that rests on it alone is gone."""
    groups = {"prefix:a": accounts(0, 30), "prefix:b": accounts(50, 90)}
    rows = [fired("prefix:a"), fired("prefix:b", "coordination.rotation")]
    found = find_candidates(material(groups, rows), PARAMETERS, without="coordination.rotation")

    assert [("prefix:a",)] == [candidate.seeds for candidate in found]


def test_parameters_stand_for_themselves_where_no_text_explains_their_accounts() -> None:
    """Exports without text still give candidates."""
    groups = {"parameters:p": accounts(0, 60)}
    found = find_candidates(material(groups, [fired("parameters:p")]), PARAMETERS)

    assert [("parameters:p",)] == [candidate.templates for candidate in found]


def test_only_groups_that_lie_within_the_members_count_as_evidence() -> None:
    """Eight of ten exchanges must be the members', who must be ten accounts at least."""
    groups = {"suffix:in": accounts(0, 25), "suffix:mixed": accounts(0, 60), "suffix:small": accounts(0, 9)}
    rows = [fired(group, "harvest.grader_rubric") for group in groups]

    assert ("suffix:in",) == attached_groups(accounts(0, 30), groups, material(groups, rows), PARAMETERS)


def test_the_typical_load_is_that_of_the_account_with_the_middle_exchange() -> None:
    """Three hundred occasional users do not set it."""
    assert (240, 240, 0) == (typical([240] * 50 + [2] * 300), typical([240]), typical([]))


def test_accounts_far_below_the_median_rate_are_left_out_with_the_reason() -> None:
    """A customer who once copied the prompt is no member; one who was replaced mid-way is."""
    candidate = Candidate("candidate-1", ("prefix:a",), accounts(0, 33), ("prefix:a",))
    loads = {account: Load(240, 10) for account in sorted(accounts(0, 30))}
    loads |= {"acct_030": Load(24, 1), "acct_031": Load(6, 3), "acct_032": Load(2, 1)}
    found = decide_members(candidate, loads, material({"prefix:a": accounts(0, 33)}, []), PARAMETERS)

    assert accounts(0, 31) == frozenset(found.members)
    assert "2.0 times per active day" in found.left_out["acct_031"]
    assert "2 times, fewer than 3" in found.left_out["acct_032"]


def test_an_account_that_hardly_sends_the_template_beside_its_own_traffic_is_left_out() -> None:
    """A frame is matched by wording, so that somebody who writes a lot comes near it now and then; a quarter of the usual share is the rule."""
    candidate = Candidate("candidate-1", ("near:a",), accounts(0, 34), ("near:a",))
    loads = {account: Load(120, 10, own_share=0.5) for account in sorted(accounts(0, 30))}
    loads |= {"acct_030": Load(30, 10, own_share=0.125), "acct_031": Load(30, 10, own_share=0.124)}
    loads |= {name: Load(30, 10, support=9.0, own_share=0.124) for name in ("acct_032", "acct_033")}
    links = {"cluster:c": {"acct_001": 2, "acct_002": 2, "acct_033": 2}}
    groups = material({"near:a": accounts(0, 34)}, [], links)
    found = decide_members(candidate, loads, groups, PARAMETERS)

    assert accounts(0, 31) == frozenset(found.members)
    assert "in 12.4 % of all that it sent, in 50.0 % at the median carrier" in found.left_out["acct_031"]

    exact = replace(candidate, templates=("prefix:a",))
    assert accounts(0, 31) | accounts(32, 34) == frozenset(decide_members(exact, loads, groups, PARAMETERS).members)


def carriers(support: float, *others: float) -> dict[str, Load]:
    """Return thirty loads whose surroundings weigh `support` bits, followed by one for each other number of bits."""
    weights = [support] * 30 + list(others)
    return {f"acct_{number:03d}": Load(200, 10, support=bits) for number, bits in enumerate(weights)}


@pytest.mark.parametrize("template", ["system:s", "parameters:p", "program:p", "pace:p", "mark:cot_elicitation"])
def test_who_sends_what_anybody_may_send_is_no_member_without_the_ties_of_the_others(template: str) -> None:
    """The product's prompt tells nobody apart; where its heavy users share cards and networks, members do: four bits on both sides."""
    groups = material({template: accounts(0, 32)}, [])
    candidate = Candidate("candidate-1", (template,), accounts(0, 32), (template,))

    def members(loads: dict[str, Load]) -> frozenset[str]:
        return frozenset(decide_members(candidate, loads, groups, PARAMETERS).members)

    assert accounts(0, 31) == members(carriers(4.0, 4.0, 3.9))
    assert accounts(0, 32) == members(carriers(3.9, 4.0, 0.0))
    light = {f"acct_{number:03d}": Load(3, 3) for number in range(100, 140)}
    assert "acct_031" not in members(carriers(4.0, 4.0, 3.9) | light)


@pytest.mark.parametrize("template", ["prefix:a", "near:a", "varied:v"])
def test_text_of_its_own_tells_members_without_ties(template: str) -> None:
    """Nobody sends a frame by chance two hundred times."""
    candidate = Candidate("candidate-1", (template,), accounts(0, 32), (template,))
    found = decide_members(candidate, carriers(12.0, 3.9, 0.0), material({template: accounts(0, 32)}, []), PARAMETERS)

    assert accounts(0, 32) == frozenset(found.members)


def test_accounts_with_another_mixture_are_left_out() -> None:
    """They share the system prompt of the pool and never send its frame."""
    candidate = Candidate("candidate-1", ("prefix:a", "system:s"), accounts(0, 50), ("prefix:a", "system:s"))
    loads = {account: Load(240, 10, by_kind={"system": 240, "prefix": 230}) for account in sorted(accounts(0, 30))}
    loads |= {account: Load(200, 10, by_kind={"system": 200}) for account in sorted(accounts(30, 50))}
    found = decide_members(candidate, loads, material({"prefix:a": accounts(0, 50)}, []), PARAMETERS)

    assert accounts(0, 30) == frozenset(found.members)
    assert "0.0 % of these exchanges carry its beginning of the prompt" in found.left_out["acct_030"]


def test_two_links_replace_the_rate_but_not_the_mixture() -> None:
    """An account that was banned on its first day belongs to the pool by its links; a neighbour with other texts does not."""
    links = {"cluster:c": {"acct_001": 3, "acct_030": 2, "acct_031": 1, "acct_032": 5}}
    candidate = Candidate(
        "candidate-1", ("cluster:c", "prefix:a", "system:s"), accounts(0, 33), ("prefix:a", "system:s")
    )
    loads = {account: Load(240, 10, by_kind={"system": 240, "prefix": 240}) for account in sorted(accounts(0, 30))}
    loads |= {name: Load(2, 1, by_kind={"system": 2, "prefix": 2}) for name in ("acct_030", "acct_031")}
    loads |= {"acct_032": Load(90, 1, by_kind={"system": 90})}
    found = decide_members(candidate, loads, material({"prefix:a": accounts(0, 33)}, [], links), PARAMETERS)

    assert accounts(0, 31) == frozenset(found.members)


def test_links_count_inside_of_clusters_that_send_the_templates_and_not_in_those_that_met_one() -> None:
    """Colleagues whose prompts came near a frame once or twice are no members for being colleagues; three times in half of the accounts are enough."""
    links = {"cluster:c": {"acct_030": 4, "acct_031": 4, "acct_032": 4, "acct_033": 4}}
    candidate = Candidate("candidate-1", ("prefix:a",), accounts(0, 34), ("prefix:a",))
    told = {account: Load(240, 10) for account in sorted(accounts(0, 30))}
    groups = material({"prefix:a": accounts(0, 34)}, [], links)

    def members(*n_exchanges: int) -> frozenset[str]:
        loads = told | {f"acct_{30 + number:03d}": Load(n, 4) for number, n in enumerate(n_exchanges)}
        return frozenset(decide_members(candidate, loads, groups, PARAMETERS).members)

    assert accounts(0, 34) == members(3, 3, 1, 2)
    assert accounts(0, 30) == members(3, 2, 2, 2)


def test_accounts_that_are_linked_but_sent_no_template_are_left_out() -> None:
    """A neighbour behind the same proxy is not accused."""
    candidate = Candidate("candidate-1", ("cluster:c", "prefix:a"), accounts(0, 31), ("prefix:a",))
    loads = {account: Load(100, 10) for account in accounts(0, 30)}
    found = decide_members(candidate, loads, material({"prefix:a": accounts(0, 31)}, []), PARAMETERS)

    assert {"acct_030": "carries a group of the campaign, sent none of the templates that define it"} == found.left_out


def test_without_templates_members_need_two_links() -> None:
    """One link is one transitive edge."""
    links = {"cluster:c": dict.fromkeys(accounts(0, 29), 3) | {"acct_029": 1}}
    candidate = Candidate("candidate-1", ("cluster:c",), accounts(0, 30))
    found = decide_members(candidate, {}, material({"cluster:c": accounts(0, 30)}, [], links), PARAMETERS)

    assert accounts(0, 29) == frozenset(found.members)
    assert ["acct_029"] == list(found.left_out)


def test_what_a_popular_product_sends_does_not_define_the_campaign_that_uses_it() -> None:
    """Half of the system prompt's exchanges are other people's; the program of the pool tells the pool apart."""
    groups = {"cluster:c": accounts(0, 40), "program:p": accounts(0, 48), "system:s": accounts(0, 79)}
    rows = [fired(group, "coordination.failover_reissue") for group in groups]
    rows += [fired(group, "coordination.rotation") for group in ("cluster:c", "program:p")]
    (found,) = find_candidates(material(groups, rows), PARAMETERS)

    assert (tuple(groups), ("program:p",)) == (found.seeds, found.templates)
    assert accounts(40, 79) == found.doubtful


def test_where_no_text_tells_exchanges_apart_the_clock_and_the_majority_do() -> None:
    """A nightly program and a chance user of the same client are left out, each with the reason."""
    groups = {"pace:p": accounts(0, 33)}
    candidate = Candidate(
        "candidate-1", ("pace:p", "program:x"), accounts(0, 33), ("pace:p",), doubtful=accounts(32, 33)
    )
    loads = {account: Load(240, 10, 24) for account in sorted(accounts(0, 30) | accounts(32, 33))}
    loads |= {"acct_030": Load(240, 10, 3), "acct_031": Load(240, 10, 12)}
    found = decide_members(candidate, loads, material(groups, []), PARAMETERS)

    assert accounts(0, 30) | {"acct_031"} == frozenset(found.members)
    assert "active in 3 hours of the day, the typical carrier in 24" in found.left_out["acct_030"]
    assert "at most 75.0 % of what" in found.left_out["acct_032"]


def test_an_account_made_and_paid_with_members_is_attached_although_it_sent_no_template() -> None:
    """One of both ties is not enough, nor are both with one account: prepaid cards, broadcasts and exits are shared by strangers."""
    links = {"cluster:c": dict.fromkeys(sorted(accounts(0, 34)), 3)}
    candidate = Candidate("candidate-1", ("cluster:c", "prefix:a"), accounts(0, 34), ("prefix:a",))
    loads = {account: Load(100, 10) for account in accounts(0, 30)}
    ties = material({"cluster:c": accounts(0, 34)}, [], links)
    first, second = frozenset({"acct_001"}), frozenset({"acct_002"})
    ties = replace(
        ties,
        payers={"acct_030": first, "acct_031": first, "acct_033": first},
        made_together={"acct_030": second, "acct_032": second, "acct_033": first},
    )
    found = decide_members(candidate, loads, ties, PARAMETERS)

    assert 0 == found.members["acct_030"]
    assert {"acct_031", "acct_032", "acct_033"} == found.left_out.keys()


def test_ties_do_not_lead_on_from_members_that_no_text_of_their_own_tells() -> None:
    """Members by program alone may be wrong; what shares their card and the minutes of their sign-up is left out."""
    groups = {"program:p": accounts(0, 31)}
    candidate = Candidate("candidate-1", ("program:p",), accounts(0, 31), ("program:p",))
    loads = {account: Load(240, 10, 24) for account in accounts(0, 30)}
    partners = {"acct_030": frozenset({"acct_001", "acct_002"})}
    tied = replace(material(groups, []), payers=partners, made_together=partners)

    assert accounts(0, 30) == frozenset(decide_members(candidate, loads, tied, PARAMETERS).members)
    told = replace(candidate, templates=("prefix:a",))
    assert "acct_030" in decide_members(told, loads, tied, PARAMETERS).members
