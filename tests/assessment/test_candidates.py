"""Which accounts are looked at together: the pure set wins, strangers stay out, pools stay apart."""

from __future__ import annotations

import pytest
from small_logs import account, log, names, renamed, ring, tie

from distilforensics.assessment.candidate_search import find_candidates, weigh_identity
from distilforensics.assessment.log import connected, without_households
from distilforensics.assessment.parameters import PARAMETERS

POOL, PEOPLE, USERS = names("pool", 20), names("person", 60), names("user", 30)
EVERYBODY = [account(name) for name in (*POOL, *PEOPLE, *USERS)]


def found(*arguments: object) -> list[list[str]]:
    """Return the accounts of the candidates of a log."""
    return [sorted(c.accounts) for c in find_candidates(log(*arguments), PARAMETERS)]  # type: ignore[arg-type]


def test_accounts_that_hand_work_to_each_other_are_one_candidate() -> None:
    """Ties alone make it, without any common text."""
    assert found(EVERYBODY, ring(POOL, 60)) == [POOL]


def test_a_log_without_ties_has_no_candidate() -> None:
    """Whatever texts its accounts share."""
    assert found(EVERYBODY, [], {"system:1": dict.fromkeys(USERS, 80)}) == []


def test_accounts_without_failed_calls_come_in_by_the_text_that_only_the_pool_sends() -> None:
    """Most of the pool hands over; all of it sends the frame. Of those whose failed calls went nowhere it would be doubtful."""
    loads = {"prefix:1": dict.fromkeys(POOL, 80)}
    quiet = [account(name, n_failed=0) for name in POOL[12:]]
    others = [account(name) for name in (*POOL[:12], *PEOPLE)]
    assert found([*others, *quiet], ring(POOL[:12], 24), loads) == [POOL]
    assert found(EVERYBODY, ring(POOL[:12], 24), loads) == [POOL[:12]]


def test_users_of_a_product_that_the_pool_uses_as_well_stay_out() -> None:
    """The product's prompt holds the pool and thirty users whose failed calls go nowhere."""
    loads = {"system:1": dict.fromkeys([*POOL, *USERS], 80)}
    assert found(EVERYBODY, ring(POOL, 60), loads) == [POOL]


def test_who_came_near_a_frame_now_and_then_stays_out() -> None:
    """Three people with one exchange each that resembles the frame."""
    loads = {"near:1": dict.fromkeys(POOL, 80) | dict.fromkeys(PEOPLE[:3], 1)}
    everybody = [account(name, n_failed=2 if name in POOL[:12] else 0) for name in (*POOL, *PEOPLE)]
    assert found(everybody, ring(POOL[:12], 24), loads) == [POOL]


def test_another_set_that_asks_the_same_question_does_not_come_in() -> None:
    """A text that most of the pool's and some other accounts send: these hand over to each other, and never to the pool."""
    loads = {"prefix:1": dict.fromkeys([*POOL, *USERS[:8]], 60), "system:1": dict.fromkeys(POOL, 90)}
    ties = [*ring(POOL, 60), *ring(USERS[:8], 12, first=500)]
    assert found(EVERYBODY, ties, loads) == [POOL, USERS[:8]]


def test_classes_of_one_program_do_not_join_a_firm_that_has_their_parameters_by_chance() -> None:
    """In every class one account takes all refused calls, so that the classes hang together by their text alone; in the firm anybody takes."""
    classes = [USERS[start : start + 10] for start in (0, 10, 20)]
    loads = {
        "parameters:1": dict.fromkeys([*POOL, *USERS], 80),
        "system:classes": dict.fromkeys(USERS, 80),
        "system:firm": dict.fromkeys(POOL, 80),
    }
    taught = [
        tie(pupil, pupils[0], 1000 + 100 * k + i)
        for k, pupils in enumerate(classes)
        for i, pupil in enumerate(pupils[1:] * 2)
    ]
    assert found(EVERYBODY, [*ring(POOL, 60), *taught], loads) == [POOL, USERS]
    without_the_last = [t for t in taught if USERS[29] not in t.ends]
    assert found(EVERYBODY, [*ring(POOL, 60), *without_the_last], loads) == [POOL, USERS], "who is never refused"


def test_who_comes_near_a_text_as_strangers_do_is_no_member() -> None:
    """Accounts without a hand-over: two send the text as the pool does; one of a few calls comes as near it as strangers, and as often as he must."""
    near = dict.fromkeys(POOL, 28) | {PEOPLE[0]: 5} | dict.fromkeys(PEOPLE[1:8], 2)
    sizes = {PEOPLE[0]: 27} | dict.fromkeys(PEOPLE[1:8], 25)
    everybody = [
        account(name, n_exchanges=sizes.get(name, 100), n_failed=2 if name in POOL[:18] else 0)
        for name in (*POOL, *PEOPLE)
    ]
    assert found(everybody, ring(POOL[:18], 36), {"near:1": near}) == [POOL]


@pytest.mark.parametrize(
    ("text", "n_ties", "size"),
    [
        pytest.param("near:1", 12, 20, id="few hand-overs leave accounts of a pool without one"),
        pytest.param("near:1", 60, 12, id="so many hand-overs would have touched them"),
        pytest.param("system:1", 12, 12, id="a text that is sent as it is may be a product's"),
    ],
)
def test_accounts_without_a_hand_over_come_in_by_a_text_that_is_worded_anew(text: str, n_ties: int, size: int) -> None:
    """Their failed calls went nowhere, as strangers' do; what tells them from strangers is that a dozen hand-overs cannot touch everybody."""
    ties = [tie(POOL[i % 12], POOL[(i + 1 + i // 12) % 12], i) for i in range(n_ties)]
    senders = dict.fromkeys(POOL, 80) | dict.fromkeys(PEOPLE[:4], 1)
    members = found(EVERYBODY, ties, {text: senders})
    assert members == [POOL[:size]]


@pytest.mark.parametrize(("text", "expected"), [("near:1", [POOL]), ("system:1", [])])
def test_handovers_of_calls_that_are_not_recognised_as_reworded_count_last_of_all(
    text: str, expected: list[list[str]]
) -> None:
    """Six pairs, so that ties alone make no set; a text that is sent as it is would be in the calls that are handed over."""
    pairs = [tie(POOL[2 * i], POOL[2 * i + 1], i) for i in range(6)]
    made = renamed(log(EVERYBODY, pairs, {text: dict.fromkeys(POOL, 80)}), groups_of_calls={})
    assert [sorted(c.accounts) for c in find_candidates(made, PARAMETERS)] == expected


def test_a_few_calls_of_strangers_near_a_text_do_not_make_it_less_a_pools_own() -> None:
    """Ten people came near it two times, where the pool's accounts sent eighty each and eight of them six."""
    loads = {"near:1": dict.fromkeys(POOL, 80) | dict.fromkeys(PEOPLE[:10], 2)}
    [candidate] = find_candidates(log(EVERYBODY, ring(POOL, 60), loads), PARAMETERS)
    assert candidate.groups == ("near:1",)


def test_a_public_question_makes_nobody_a_member() -> None:
    """A text that is one in a hundred calls of those who send it tells nobody apart."""
    loads = {"prefix:1": dict.fromkeys([*POOL, *PEOPLE[:2]], 1), "prefix:2": dict.fromkeys(POOL, 90)}
    assert found(EVERYBODY, ring(POOL, 60), loads) == [POOL]


def test_a_question_that_few_ask_brings_nobody_in() -> None:
    """Most who ask it are the pool's, and it is one in a hundred of what anybody sends; its askers send other such questions."""
    loads = {f"prefix:{i}": dict.fromkeys([*POOL[:6], *PEOPLE[2 * i : 2 * i + 2]], 1) for i in range(8)}
    quiet = [account(name, n_failed=0) for name in PEOPLE]
    others = [account(name) for name in (*POOL, *USERS)]
    assert found([*others, *quiet], ring(POOL, 60), loads) == [POOL]


def test_pools_that_share_a_program_and_never_hand_over_to_each_other_are_two() -> None:
    """One set of parameters, two networks of hand-overs."""
    one, other = POOL[:10], POOL[10:]
    ties = [*ring(one, 40), *ring(other, 40, first=1000)]
    assert sorted(found(EVERYBODY, ties, {"parameters:1": dict.fromkeys(POOL, 90)})) == [one, other]


def test_without_text_members_hang_together_by_two_kinds_of_identity() -> None:
    """Those who share a card and a network with a member come in, those who share one of them do not."""
    shared = {
        "payment": {f"card{i}": POOL[3 * i : 3 * i + 5] for i in range(6)},
        "network": {f"net{i}": [*POOL[3 * i : 3 * i + 5], PEOPLE[i]] for i in range(6)},
    }
    loads = {"parameters:1": dict.fromkeys([*POOL, *PEOPLE[:6]], 90)}
    quiet = [account(name, n_failed=0) for name in POOL[12:]]
    others = [account(name) for name in (*POOL[:12], *PEOPLE, *names("far", 300))]
    assert found([*others, *quiet], ring(POOL[:12], 24), loads, shared) == [POOL]


def test_a_person_with_some_keys_is_no_candidate() -> None:
    """Four accounts that hand over to each other again and again, and to nobody else."""
    assert found(EVERYBODY, without_households(ring(PEOPLE[:4], 40))) == []


def test_a_few_ties_of_a_large_pool_are_no_household() -> None:
    """Pairs that hand over once are what a large pool with few failed calls looks like."""
    pairs = [tie(POOL[2 * i], POOL[2 * i + 1], i) for i in range(10)]
    assert without_households(pairs) == pairs


@pytest.mark.parametrize(
    ("heuristic", "group", "n"),
    [
        ("coordination.rotation", "system:1", 1),
        ("coordination.single_stream", "system:1", 1),
        ("coordination.single_stream", "parameters:1", 0),
        ("coordination.equal_load", "system:1", 0),
    ],
)
def test_a_group_that_nothing_ties_is_listed_if_one_scheduler_serves_it(heuristic: str, group: str, n: int) -> None:
    """Equal loads alone are what a product's users may have, and the same parameters are many people's."""
    assert len(found(EVERYBODY, [], {group: dict.fromkeys(USERS, 90)}, None, {group: [heuristic]})) == n


@pytest.mark.parametrize(("kinds", "n"), [(("payment", "signup"), 2), (("payment",), 0), (("payment", "mail"), 0)])
def test_a_group_that_nothing_ties_is_listed_if_it_has_two_identities_in_common(kinds: tuple[str, ...], n: int) -> None:
    """Whoever gives failed calls up and uses accounts unevenly still pays for them and opens them together; rare mail domains are no such sign."""
    shared = {kind: {f"{kind}{i}": POOL[10 * i : 10 * i + 10] for i in range(2)} for kind in kinds}
    loads = {"system:1": dict.fromkeys([*POOL, *PEOPLE[:3]], 90)}
    members = found(EVERYBODY, [], loads, shared)
    assert len(members) == n
    # Strangers who send the same text do not come in.
    assert set(POOL) >= set().union(*members)


def test_shared_values_of_one_customer_weigh_nothing() -> None:
    """Four accounts of one tenant on one card."""
    firm = [account(name, tenant_id="firm") for name in POOL]
    shared = {"payment": {"card": POOL}}
    assert weigh_identity(log([*firm, *map(account, PEOPLE)], shared=shared), "payment", frozenset(POOL)).count == 0
    assert weigh_identity(log(EVERYBODY, shared=shared), "payment", frozenset(POOL)).bits > 10


def test_what_everybody_shares_is_expected() -> None:
    """Networks that strangers share as often weigh nothing."""
    shared = {"network": {f"net{i}": [POOL[i], *PEOPLE[3 * i : 3 * i + 3]] for i in range(20)}}
    assert weigh_identity(log(EVERYBODY, shared=shared), "network", frozenset(POOL)).bits == 0


def test_connected_sets_are_in_order() -> None:
    """Sets of the smallest account first."""
    assert connected({("c", "d"), ("b", "a"), ("d", "e")}) == [frozenset("ab"), frozenset("cde")]


def test_strangers_near_a_reworded_text_do_not_come_in_with_the_pool_that_sends_it_as_it_is() -> None:
    """The text as it is comes first, though more accounts come near it; what is left of the near ones is no group."""
    loads = {
        "system:1": dict.fromkeys(POOL, 90),
        "near:1": dict.fromkeys(POOL, 15) | dict.fromkeys(PEOPLE[:8], 9),
    }
    shared = {"payment": {"card": POOL}, "signup": {"slot": POOL}}
    everybody = [account(name) for name in (*POOL, *PEOPLE)]
    fired = {"near:1": ["coordination.equal_load"], "system:1": ["coordination.rotation"]}
    found = find_candidates(log(everybody, loads=loads, shared=shared, fired=fired), PARAMETERS)
    assert [frozenset(POOL)] == [candidate.accounts for candidate in found]


def test_an_account_that_sends_a_text_once_does_not_come_in_with_those_that_are_served_in_turn() -> None:
    """One call of a text that the others send ninety times."""
    loads = {"system:1": dict.fromkeys(POOL, 90) | {PEOPLE[0]: 1}}
    fired = {"system:1": ["coordination.rotation"]}
    found = find_candidates(log([account(n) for n in (*POOL, *PEOPLE)], loads=loads, fired=fired), PARAMETERS)
    assert [frozenset(POOL)] == [candidate.accounts for candidate in found]


def test_twos_that_share_identities_stay_in_the_group_that_is_served_in_turn() -> None:
    """Pairs with a card and a sign-up in common are too small to be looked at alone; without texts all of them are one set."""
    pairs = [POOL[2 * i : 2 * i + 2] for i in range(8)]
    shared = {kind: {f"{kind}{i}": pair for i, pair in enumerate(pairs)} for kind in ("payment", "signup")}
    fired = {"pace:1": ["coordination.rotation"]}
    everybody = [account(name) for name in (*POOL, *PEOPLE)]
    found = find_candidates(
        log(everybody, loads={"pace:1": dict.fromkeys(POOL, 90)}, shared=shared, fired=fired), PARAMETERS
    )
    assert [frozenset(POOL)] == [candidate.accounts for candidate in found]
