"""The rule of grades: which facts make which grade, what caps it, what it may not depend on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from small_logs import account, log, names, renamed, ring, tie

from distilforensics.assessment.candidate_search import Candidate, find_candidates
from distilforensics.assessment.fact import Fact, Kind
from distilforensics.assessment.facts import find_facts
from distilforensics.assessment.grades import decide, grade_facts
from distilforensics.assessment.operators import Egress, Nights, Outcome, ask_operators, customers_of
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.assessment.queries import rows_of
from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.assessment.log import Tie

POOL, PEOPLE = names("pool", 20), names("person", 60)
SCATTERED = Egress(0.1, 1000)
RESTED = Nights(20, 2)


def fact(fact_id: str, kind: Kind, *, is_telling: bool = True, is_counted: bool = True) -> Fact:
    """Return a fact."""
    return Fact(fact_id, fact_id, kind, 20.0, 5, 10, 0.0, 5, "Said.", "nothing", (), is_counted, is_telling)


HANDOVER, ANSWER = fact("handover", Kind.COORDINATION), fact("answer", Kind.COORDINATION)
SCHEDULER = fact("scheduler", Kind.COORDINATION, is_telling=False)
CARDS, SIGNUP = fact("payment", Kind.IDENTITY), fact("signup", Kind.IDENTITY)
NETWORK = fact("network", Kind.IDENTITY)
MAIL = fact("mail", Kind.IDENTITY, is_telling=False)
FRAME, REWORDING = fact("frame", Kind.CONTENT, is_telling=False), fact("rewording", Kind.CONTENT)
TAKEOVER, MANNER = fact("takeover", Kind.COORDINATION), fact("manner", Kind.COORDINATION)
SYNCHRONY, LAUNCH = fact("synchrony", Kind.COORDINATION), replace(SIGNUP, is_of_one_day=True)
QUICK = replace(HANDOVER, n_apart=30, n_quick=20)
TALK = replace(fact("conversation", Kind.COORDINATION), n_apart=80)
PURPOSE = fact("purpose", Kind.PURPOSE, is_telling=False)


@pytest.mark.parametrize(
    ("facts", "grade"),
    [
        ([HANDOVER, CARDS, PURPOSE], Grade.STRONG),
        ([HANDOVER, ANSWER, PURPOSE], Grade.STRONG),
        ([HANDOVER, CARDS], Grade.MODERATE),
        ([HANDOVER, ANSWER], Grade.MODERATE),
        ([HANDOVER, REWORDING, PURPOSE], Grade.MODERATE),
        ([HANDOVER, TAKEOVER, PURPOSE], Grade.MODERATE),
        ([HANDOVER, MANNER, PURPOSE], Grade.MODERATE),
        ([TAKEOVER, CARDS, PURPOSE], Grade.INCONCLUSIVE),
        ([MANNER, TAKEOVER, PURPOSE], Grade.INCONCLUSIVE),
        ([SCHEDULER, CARDS, SIGNUP, REWORDING, PURPOSE], Grade.INCONCLUSIVE),
        ([HANDOVER, SCHEDULER, FRAME, PURPOSE], Grade.WEAK),
        ([HANDOVER, MAIL], Grade.WEAK),
        ([SCHEDULER, SIGNUP, PURPOSE], Grade.INCONCLUSIVE),
        ([SCHEDULER, FRAME, PURPOSE], Grade.INCONCLUSIVE),
        ([CARDS, SIGNUP, PURPOSE], Grade.INCONCLUSIVE),
        ([fact("handover", Kind.COORDINATION, is_counted=False), CARDS], Grade.INCONCLUSIVE),
    ],
    ids=lambda value: "+".join(f.fact_id for f in value) if isinstance(value, list) else value.value,
)
def test_facts_make_a_grade(facts: list[Fact], grade: Grade) -> None:
    """A vendor, a fleet, a product and a reseller show a scheduler, a frame, sittings and cards by nature; none of them bears a grade."""
    assert grade_facts(facts) is grade


def test_strong_does_not_rest_on_one_fact() -> None:
    """Without the only telling fact of coordination nothing would be left, so the grade is moderate and says so."""
    verdict = decide([HANDOVER, CARDS, PURPOSE], may_be_one_operator=False, left_out={})
    assert verdict.grade is Grade.MODERATE
    assert "fact handover" in verdict.reason
    verdict = decide([HANDOVER, ANSWER, CARDS, PURPOSE], may_be_one_operator=False, left_out={})
    assert verdict.grade is Grade.STRONG


def test_strong_does_not_rest_on_one_customer() -> None:
    """What is left without the largest customer is graded by the same rule."""
    facts = [HANDOVER, ANSWER, CARDS, PURPOSE]
    verdict = decide(facts, may_be_one_operator=False, left_out={"the largest customer": lambda: [CARDS, PURPOSE]})
    assert verdict.grade is Grade.MODERATE
    assert verdict.without["the largest customer"] is Grade.INCONCLUSIVE


def test_one_operator_keeps_its_facts_and_is_not_accused() -> None:
    """An explanation caps; it does not make the facts go away."""
    verdict = decide([HANDOVER, ANSWER, CARDS, PURPOSE], may_be_one_operator=True, left_out={})
    assert verdict.grade is Grade.ONE_OPERATOR
    assert verdict.grade.rank == 0


@pytest.mark.parametrize(
    ("facts", "grade"),
    [
        ([CARDS, SIGNUP], Grade.ONE_OPERATOR),
        ([CARDS, MAIL, FRAME, PURPOSE], Grade.INCONCLUSIVE),
        ([CARDS, fact("signup", Kind.IDENTITY, is_counted=False)], Grade.INCONCLUSIVE),
        ([SCHEDULER, FRAME], Grade.ONE_OPERATOR),
    ],
)
def test_two_identities_list_a_group_and_accuse_nobody(facts: list[Fact], grade: Grade) -> None:
    """A class and a firm share them as well."""
    for capped in (True, False):
        assert decide(facts, may_be_one_operator=capped, left_out={}).grade is grade


def asked(
    accounts: list[object], facts: list[Fact], egress: Egress = SCATTERED, nights: Nights = RESTED
) -> dict[str, Outcome]:
    """Return the outcome of every explanation for the pool."""
    found = ask_operators(log(accounts), frozenset(POOL), facts, egress, nights, PARAMETERS)  # type: ignore[arg-type]
    return {e.explanation_id.removeprefix("operator."): e.outcome for e in found}


def test_a_pool_of_many_customers_from_many_places_is_nobodys_fleet() -> None:
    """Every explanation is excluded, or known in part."""
    outcomes = asked([account(name) for name in POOL], [HANDOVER, CARDS])
    assert outcomes == {
        "few_customers": Outcome.EXCLUDED,
        "one_egress": Outcome.EXCLUDED,
        "one_domain": Outcome.IN_PART,
        "spare_keys": Outcome.EXCLUDED,
        "common_program": Outcome.EXCLUDED,
        "people": Outcome.EXCLUDED,
    }


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        pytest.param([HANDOVER], Outcome.CANNOT_TELL, id="at the pace of people"),
        pytest.param([HANDOVER, SIGNUP, REWORDING], Outcome.CANNOT_TELL, id="a course signs up together"),
        pytest.param(
            [replace(HANDOVER, n_apart=30, n_quick=14)], Outcome.CANNOT_TELL, id="less than half within seconds"
        ),
        pytest.param([replace(HANDOVER, n_apart=30, n_quick=15)], Outcome.EXCLUDED, id="half within seconds"),
        pytest.param(
            [replace(HANDOVER, n_apart=30, n_quick=30, is_counted=False), ANSWER], Outcome.CANNOT_TELL, id="not counted"
        ),
        pytest.param(
            [replace(HANDOVER, n_apart=30, n_quick=30), replace(TALK, n_quick=10)],
            Outcome.CANNOT_TELL,
            id="a program moves a conversation, and somebody writes the next turn",
        ),
        pytest.param([HANDOVER, replace(TALK, n_quick=40)], Outcome.EXCLUDED, id="a program goes on with it at once"),
        pytest.param([HANDOVER, MANNER], Outcome.EXCLUDED, id="people use their own program"),
        pytest.param(
            [HANDOVER, MANNER, TALK], Outcome.CANNOT_TELL, id="a conversation moves with its model and parameters"
        ),
        pytest.param([HANDOVER, CARDS], Outcome.EXCLUDED, id="they pay for each other"),
        pytest.param([SCHEDULER, FRAME], Outcome.EXCLUDED, id="nothing is passed on"),
    ],
)
def test_people_who_pass_work_on_do_not_do_it_within_seconds(facts: list[Fact], outcome: Outcome) -> None:
    """Partners of a course, readers of each other's drafts: slower than a program, and everybody pays alone."""
    assert asked([account(name) for name in POOL], facts)["people"] is outcome


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"tenant_id": None}, Outcome.CANNOT_TELL),
        ({"organization": "one firm"}, Outcome.FITS),
        ({"payment_fingerprint": "one card"}, Outcome.FITS),
    ],
)
def test_unknown_holders_stay_unknown_and_one_payer_is_one_customer(values: dict[str, str], outcome: Outcome) -> None:
    """No tenant and no card never make customers; a card over many tenants makes one."""
    assert asked([account(name, **values) for name in POOL], [HANDOVER, CARDS])["few_customers"] is outcome


def test_three_cards_for_twenty_keys_are_an_integrator_and_five_are_not() -> None:
    """Three hold it all; of five, three hold 60 %."""

    def outcome(n_cards: int) -> Outcome:
        accounts = [account(name, payment_fingerprint=f"card{i % n_cards}") for i, name in enumerate(POOL)]
        return asked(accounts, [HANDOVER, CARDS])["few_customers"]

    assert outcome(3) is Outcome.FITS
    assert outcome(5) is Outcome.EXCLUDED


@pytest.mark.parametrize(
    ("values", "facts", "egress", "outcome"),
    [
        pytest.param({}, [HANDOVER, CARDS], SCATTERED, Outcome.EXCLUDED, id="a small pool"),
        pytest.param({}, [CARDS, SCHEDULER], SCATTERED, Outcome.FITS, id="clients who call for themselves"),
        pytest.param({}, [HANDOVER, CARDS], Egress(0.9, 900), Outcome.FITS, id="an integrator's own machines"),
        pytest.param({}, [HANDOVER, CARDS], Egress(None, 0), Outcome.FITS, id="no address is logged"),
        pytest.param({"tenant_id": None}, [HANDOVER, CARDS], SCATTERED, Outcome.FITS, id="no tenant is logged"),
        pytest.param({"email_domain": "x.example"}, [HANDOVER, CARDS], SCATTERED, Outcome.FITS, id="one mail domain"),
        pytest.param({"email_domain": None}, [HANDOVER, CARDS], SCATTERED, Outcome.FITS, id="no mail domain is known"),
    ],
)
def test_three_cards_for_many_tenants_are_no_integrator_if_refused_calls_go_on_from_many_places(
    values: dict[str, str | None], facts: list[Fact], egress: Egress, outcome: Outcome
) -> None:
    """A pool of twenty on three cards; integrators differ from it in one thing at least."""
    accounts = [
        account(name, **{"payment_fingerprint": f"card{i % 3}", "email_domain": f"mail{i % 7}.example"} | values)  # type: ignore[arg-type]
        for i, name in enumerate(POOL)
    ]
    assert asked(accounts, facts, egress)["few_customers"] is outcome


def test_one_payer_of_half_of_the_accounts_is_one_customer_wherever_they_call_from() -> None:
    """Hand-overs between accounts of one payer count for nothing, and most would be such."""
    accounts = [
        account(name, payment_fingerprint=f"card{max(0, i - 9) % 3}", email_domain=f"mail{i % 7}.example")
        for i, name in enumerate(POOL)
    ]
    assert asked(accounts, [HANDOVER, CARDS])["few_customers"] is Outcome.FITS


@pytest.mark.parametrize(
    ("nights", "is_of_people"),
    [
        pytest.param(Nights(20, 10), False, id="around the clock"),
        pytest.param(Nights(20, 9), True, id="most of them rest"),
        pytest.param(Nights(9, 9), True, id="most call too little to tell"),
        pytest.param(Nights(0, 0), True, id="a log of two days"),
    ],
)
def test_accounts_that_never_rest_are_not_those_of_people(nights: Nights, *, is_of_people: bool) -> None:
    """Neither partners who pass work on nor advisers who are given conversations; a product's cache may run day and night."""
    outcomes = asked([account(name) for name in POOL], [HANDOVER, replace(TALK, n_unforced=50), SIGNUP], nights=nights)
    assert (outcomes["people"] is Outcome.CANNOT_TELL) is is_of_people
    outcomes = asked([account(name) for name in POOL], [HANDOVER], nights=nights)
    assert (outcomes["people"] is Outcome.CANNOT_TELL) is is_of_people
    assert outcomes["common_program"] is Outcome.CANNOT_TELL


def test_desks_that_are_staffed_day_and_night_are_people_if_a_limit_moves_their_conversations() -> None:
    """Half of eighty conversations went on elsewhere though nothing was refused, or fewer."""

    def outcome(n_unforced: int) -> Outcome:
        facts = [HANDOVER, replace(TALK, n_unforced=n_unforced), SIGNUP]
        return asked([account(name) for name in POOL], facts, nights=Nights(20, 20))["people"]

    assert outcome(39) is Outcome.CANNOT_TELL
    assert outcome(40) is Outcome.EXCLUDED


def test_a_conversation_that_goes_on_where_the_refused_call_does_was_forced() -> None:
    """One of two conversations goes on with the call that was handed over."""
    ties = ring(POOL, 2)
    talks = [replace(tie, kind="conversation", work=f"talk{i}") for i, tie in enumerate(ties)]
    talks[1] = replace(talks[1], other_record_id="elsewhere")
    candidate = Candidate("candidate-1", frozenset(POOL), (), (), 1)
    found = find_facts(log([account(n) for n in POOL], ties=[*ties, *talks]), candidate, frozenset(), PARAMETERS)
    assert {fact.fact_id: (fact.n_apart, fact.n_unforced) for fact in found}["conversation"] == (2, 1)


def test_who_rests_is_read_off_the_hours_with_calls() -> None:
    """Somebody awake, somebody who works from 8 to 20 o'clock UTC or from 20 to 8, a weekend without sleep, a few calls."""
    hours = {
        "awake": range(0, 24 * 10, 5),
        "day": [24 * day + hour for day in range(10) for hour in range(8, 20, 2)],
        "night": [24 * day + hour for day in range(10) for hour in range(20, 32, 2)],
        "weekend": range(48),
        "seldom": range(0, 24 * 10, 13),
    }
    with duckdb.connect() as connection:
        connection.execute("create table candidate_members (candidate_id varchar, account_id varchar)")
        connection.execute("create table exchange_features (account_id varchar, started_at timestamp)")
        for name, found in hours.items():
            connection.execute("insert into candidate_members values ('c', $1)", [name])
            for hour in found:
                at = datetime(2026, 1, 1) + timedelta(hours=hour, minutes=7)
                connection.execute("insert into exchange_features values ($1, $2), ($1, $2)", [name, at])
        assert rows_of(connection, "nights") == [{"candidate_id": "c", "n_judged": 3, "n_awake": 1}]


def test_one_place_and_one_mail_domain_cap() -> None:
    """A program on one address; a firm's mail domain that nobody else has, and a mail service that everybody has."""
    assert asked([account(n) for n in POOL], [HANDOVER, CARDS], Egress(0.9, 900))["one_egress"] is Outcome.FITS
    assert asked([account(n) for n in POOL], [HANDOVER, CARDS], Egress(None, 0))["one_egress"] is Outcome.IN_PART
    firm = [account(name, email_domain="shop.example") for name in POOL]
    assert asked(firm, [HANDOVER, CARDS])["one_domain"] is Outcome.FITS
    mail = [account(name, email_domain="shop.example") for name in (*POOL, *PEOPLE)]
    assert asked(mail, [HANDOVER, CARDS])["one_domain"] is Outcome.EXCLUDED


@pytest.mark.parametrize(
    ("common_share", "outcome"),
    [
        pytest.param(0.9, Outcome.FITS, id="a dozen machines call with everybody's key"),
        pytest.param(0.7, Outcome.EXCLUDED, id="a third calls from elsewhere"),
    ],
)
@pytest.mark.parametrize("facts", [[HANDOVER, SIGNUP], [HANDOVER, CARDS]], ids=["signed up together", "paid together"])
def test_a_service_with_many_addresses_is_one_place(facts: list[Fact], common_share: float, outcome: Outcome) -> None:
    """Its machines use all addresses alike, whoever the customer is, and whoever pays."""
    assert asked([account(name) for name in POOL], facts, Egress(common_share, 900))["one_egress"] is outcome


@pytest.mark.parametrize(
    ("facts", "alike_share", "domains", "outcome"),
    [
        pytest.param([HANDOVER, CARDS, SIGNUP], 1.0, 10, Outcome.EXCLUDED, id="a pool behind two exits"),
        pytest.param([ANSWER, CARDS], 1.0, 10, Outcome.FITS, id="people of one office who check each other's answers"),
        pytest.param(
            [HANDOVER, ANSWER, CARDS], 1.0, 10, Outcome.EXCLUDED, id="a pool whose accounts read each other's answers"
        ),
        pytest.param([HANDOVER, TAKEOVER, CARDS], 1.0, 10, Outcome.EXCLUDED, id="a pool whose work goes over"),
        pytest.param([SYNCHRONY, CARDS, LAUNCH], 1.0, 10, Outcome.FITS, id="teams at a contest, each with a card"),
        pytest.param(
            [HANDOVER, CARDS, LAUNCH], 1.0, 10, Outcome.EXCLUDED, id="a pool opened on one day that hands over"
        ),
        pytest.param([HANDOVER, TALK, CARDS], 1.0, 10, Outcome.FITS, id="an outfitter that sends refused turns on"),
        pytest.param(
            [replace(TALK, n_unforced=40), CARDS], 1.0, 10, Outcome.EXCLUDED, id="a pool that deals out turns"
        ),
        pytest.param([SCHEDULER, CARDS, SIGNUP], 1.0, 10, Outcome.EXCLUDED, id="a pool that hands nothing over"),
        pytest.param([HANDOVER, CARDS], 0.4, 10, Outcome.EXCLUDED, id="a pool with a client for every few accounts"),
        pytest.param(
            [HANDOVER, CARDS, MANNER, replace(SIGNUP, is_beyond_payers=False)],
            1.0,
            10,
            Outcome.FITS,
            id="a gateway or an outfitter that opens and pays packs",
        ),
        pytest.param([HANDOVER, CARDS], 0.5, 10, Outcome.FITS, id="an integrator whose clients came one by one"),
        pytest.param([HANDOVER, CARDS], None, 10, Outcome.FITS, id="no program is logged"),
        pytest.param([HANDOVER, SIGNUP], 1.0, 10, Outcome.FITS, id="a room full of people with cards of their own"),
        pytest.param([HANDOVER, SIGNUP], 0.4, 10, Outcome.FITS, id="people in one building, each with a program"),
        pytest.param([QUICK], 0.4, 10, Outcome.FITS, id="a gateway to which customers bring their keys"),
        pytest.param([HANDOVER, CARDS, SIGNUP], 0.4, 1, Outcome.FITS, id="a firm with a mail domain"),
        pytest.param([HANDOVER, CARDS, SIGNUP], 0.4, 0, Outcome.FITS, id="no mail domain is known"),
    ],
)
def test_one_place_does_not_cap_accounts_that_one_pays_for_and_that_do_what_no_service_does(
    facts: list[Fact], alike_share: float | None, domains: int, outcome: Outcome
) -> None:
    """Unless one of the innocent kinds that work from one place would do it as well."""
    accounts = [
        account(name, email_domain=f"mail{i % domains}.example" if domains else None) for i, name in enumerate(POOL)
    ]
    assert asked(accounts, facts, Egress(0.9, 900, alike_share))["one_egress"] is outcome


def test_the_most_common_program_is_counted_over_accounts() -> None:
    """Two of four accounts mostly call with one program, and one of three with known parameters; a chatty account has one vote."""
    calls = [
        ("a", "p1", "q1"),
        ("b", "p1", "q2"),
        ("b", "p9", "q2"),
        ("b", "p1", "q2"),
        ("c", "p2", "q3"),
        ("d", "p3", None),
    ]
    with duckdb.connect() as connection:
        connection.execute("create table candidate_members (candidate_id varchar, account_id varchar)")
        connection.execute(
            "create table exchange_features (account_id varchar, client_ip varchar, program_template varchar, parameter_template varchar)"
        )
        connection.executemany("insert into candidate_members values (?, ?)", [("c", name) for name in "abcd"])
        connection.executemany("insert into exchange_features values (?, '192.0.2.1', ?, ?)", calls)
        (row,) = rows_of(connection, "egress")
        assert (row["common_share"], row["alike_share"]) == (1.0, 0.5)
        connection.execute("update exchange_features set program_template = null")
        (row,) = rows_of(connection, "egress")
        assert row["alike_share"] is None


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        pytest.param([HANDOVER, SCHEDULER, FRAME, PURPOSE, MAIL], Outcome.CANNOT_TELL, id="users of a cache"),
        pytest.param([HANDOVER, REWORDING], Outcome.EXCLUDED, id="a product sends its text as it is"),
        pytest.param([HANDOVER, TAKEOVER], Outcome.EXCLUDED, id="work goes over"),
        pytest.param([HANDOVER, MANNER], Outcome.EXCLUDED, id="in the manner of the refused account"),
        pytest.param([HANDOVER, SYNCHRONY, LAUNCH], Outcome.CANNOT_TELL, id="users who ask when the market moves"),
        pytest.param([HANDOVER, SYNCHRONY, SIGNUP], Outcome.EXCLUDED, id="sign-ups of several days are no launch"),
        pytest.param([ANSWER, SIGNUP, SCHEDULER], Outcome.CANNOT_TELL, id="agents that negotiate"),
        pytest.param([HANDOVER, ANSWER, REWORDING], Outcome.CANNOT_TELL, id="agents at a common board"),
        pytest.param([HANDOVER, ANSWER, SIGNUP], Outcome.EXCLUDED, id="who hands over was not opened at one sitting"),
        pytest.param([HANDOVER, ANSWER, MANNER], Outcome.EXCLUDED, id="agents call in their own manner"),
        pytest.param([ANSWER, CARDS], Outcome.EXCLUDED, id="agents of different firms pay alone"),
    ],
)
def test_a_common_program_hands_over_and_passes_on_and_binds_nobody(facts: list[Fact], outcome: Outcome) -> None:
    """A scheduler and a product's frame do not speak against it; one payer, and work that goes over, do."""
    assert asked([account(name) for name in POOL], facts)["common_program"] is outcome


@pytest.mark.parametrize(("days", "outcome"), [([1, 1, 1, 1], True), ([1, 5, 9, 13], False)])
def test_sign_ups_of_one_day_are_told_from_those_of_several(days: list[int], outcome: bool) -> None:
    """The day on which most were made is left out, and the rest is weighed."""
    slots = {f"2026-10-{day:02d} 09:{i}0": POOL[5 * i : 5 * i + 5] for i, day in enumerate(days)}
    found = pool_facts(ties=ring(POOL, 30), shared={"signup": slots})["signup"]
    assert (found.is_counted, found.is_of_one_day) == (True, outcome)


def test_what_one_buyer_does_for_his_pack_is_not_shared_beyond_payers() -> None:
    """Each card opens its own five accounts at one sitting; or sittings and cards overlap."""
    slots = {f"2026-10-{i + 1:02d} 09:00": POOL[5 * i : 5 * i + 5] for i in range(4)}
    for cards, outcome in ((5, False), (1, True)):
        everybody = [account(name, payment_fingerprint=f"card{i // cards % 4}") for i, name in enumerate(POOL)]
        found = log([*everybody, *map(account, PEOPLE)], ties=ring(POOL, 30), shared={"signup": slots})
        candidate = find_candidates(found, PARAMETERS)[0]
        facts = {fact.fact_id: fact for fact in find_facts(found, candidate, frozenset(PEOPLE), PARAMETERS)}
        assert facts["signup"].is_beyond_payers is outcome


def test_whether_one_firm_pays_for_people_who_check_each_other_stays_open_where_the_log_names_no_firm() -> None:
    """Without tenant, organisation and mail domain shared payment does not speak against it; where no answer is passed on it does."""
    nameless = [account(name, tenant_id=None) for name in POOL]
    assert asked(nameless, [ANSWER, CARDS])["common_program"] is Outcome.CANNOT_TELL
    assert asked(nameless, [HANDOVER, CARDS])["common_program"] is Outcome.EXCLUDED


def test_a_services_spare_keys_take_what_the_others_are_refused() -> None:
    """Two keys of twenty take all; where anybody takes, it is no service of that kind."""
    accounts = [account(name) for name in POOL]

    def outcome(ties: list[Tie], *facts: Fact) -> Outcome:
        found = ask_operators(
            log(accounts, ties=ties), frozenset(POOL), [HANDOVER, *facts], SCATTERED, RESTED, PARAMETERS
        )
        return next(e.outcome for e in found if e.explanation_id == "operator.spare_keys")

    to_few = [tie(POOL[2 + i % 18], POOL[i % 2], i) for i in range(30)]
    assert outcome(to_few) is Outcome.FITS
    assert outcome(to_few, CARDS) is Outcome.EXCLUDED
    assert outcome(to_few[:5]) is Outcome.EXCLUDED
    assert outcome(ring(POOL, 30)) is Outcome.EXCLUDED
    assert outcome([]) is Outcome.EXCLUDED


def test_customers_are_joined_by_any_name_they_share() -> None:
    """A tenant and a card that overlap are one customer."""
    accounts = [
        account("a", tenant_id="t1", payment_fingerprint="c1"),
        account("b", tenant_id="t2", payment_fingerprint="c1"),
        account("c", tenant_id="t2"),
        account("d", tenant_id=None),
        account("e", tenant_id="t1x"),
    ]
    assert customers_of(log(accounts), frozenset("abcde")) == [frozenset("abc"), frozenset("e")]


def pool_facts(**values: object) -> dict[str, Fact]:
    """Return the facts of a planted pool."""
    everybody = [account(name) for name in (*POOL, *PEOPLE)]
    found = log(everybody, **values)  # type: ignore[arg-type]
    candidate = find_candidates(found, PARAMETERS)[0]
    return {fact.fact_id: fact for fact in find_facts(found, candidate, frozenset(PEOPLE), PARAMETERS)}


def test_a_fact_states_its_counts_and_cites_the_calls_that_show_it() -> None:
    """Thirty of forty failed calls; the records are the failed call and the one that follows."""
    ties = ring(POOL, 30)
    found = pool_facts(ties=ties)["handover"]
    assert (found.count, found.of, found.comparison) == (30, 40, 0.0)
    assert found.is_counted
    assert set(found.record_ids) <= {record for t in ties for record in (t.record_id, t.other_record_id)}
    assert found.statement.startswith("30 of 40 failed calls")


def test_ties_between_unknown_customers_weigh_nothing() -> None:
    """They make a candidate, and no fact that counts."""
    found = pool_facts(ties=ring(POOL, 30, relation="unknown"))["handover"]
    assert (found.bits, found.is_counted) == (0.0, False)


def test_two_calls_are_no_fact() -> None:
    """The floor is three different calls between known customers."""
    ties = [*ring(POOL, 30, relation="unknown"), *ring(POOL, 2, first=500)]
    assert not pool_facts(ties=ties)["handover"].is_counted
    ties = [*ring(POOL, 30, relation="unknown"), *ring(POOL, 6, first=500)]
    assert pool_facts(ties=ties)["handover"].is_counted


@pytest.mark.parametrize(("n_moved", "is_counted"), [(12, False), (30, True)])
def test_a_group_hands_over_a_tenth_of_what_it_is_refused(n_moved: int, is_counted: bool) -> None:
    """A reseller's router that takes the next key on one bad day of many moves few of 200 refused calls."""
    found = log([account(name, n_failed=10) for name in (*POOL, *PEOPLE)], ring(POOL, n_moved))
    candidate = Candidate("candidate-1", frozenset(POOL), (), (), 1)
    facts = {fact.fact_id: fact for fact in find_facts(found, candidate, frozenset(PEOPLE), PARAMETERS)}
    assert facts["handover"].bits > PARAMETERS.min_fact_bits
    assert facts["handover"].is_counted is is_counted


def changing(stops: Callable[[int], int], begins: Callable[[int], int]) -> dict[str, Fact]:
    """Return the facts of a pool of which each hand-over changes the loads of both accounts by its number."""
    return pool_facts(ties=[replace(t, stops=stops(i), begins=begins(i)) for i, t in enumerate(ring(POOL, 60))])


def test_work_that_goes_over_with_refused_calls_is_a_fact() -> None:
    """Twenty accounts fall quiet when they are refused, and the next one gets busy."""
    found = changing(lambda _: 1, lambda _: 1)["takeover"]
    assert (found.count, found.of, found.comparison, found.n_accounts) == (20, 20, 0.5, 20)
    assert found.bits == 20
    assert found.is_counted
    assert found.statement.startswith("In 60 of 60 hand-overs")


@pytest.mark.parametrize(
    ("stops", "begins"),
    [
        pytest.param(lambda _: 1, lambda i: 1 if i // 7 % 2 else -1, id="a limit makes the refused fall quiet, and the next one is anybody"),
        pytest.param(lambda i: 1 if i // 7 % 2 else -1, lambda i: -1 if i // 7 % 2 else 1, id="common hours: both fall quiet or get busy"),
        pytest.param(lambda _: 0, lambda _: 1, id="who goes on gets busier, and the refused does not change"),
        pytest.param(lambda _: -1, lambda _: -1, id="the work comes back"),
    ],
)  # fmt: skip
def test_users_of_a_cache_show_no_work_that_goes_over(
    stops: Callable[[int], int], begins: Callable[[int], int]
) -> None:
    """Neither limits nor hours nor waiting users make both accounts change, each in its direction."""
    found = changing(stops, begins).get("takeover")
    assert found is None or not found.is_counted


@pytest.mark.parametrize(
    ("manner", "counts"),
    [
        pytest.param(
            lambda _: 4.0, (20, 20, True), id="every account sends what is another's with the other's program"
        ),
        pytest.param(lambda i: 4.0 if i % 20 < 12 else -4.0, (12, 20, False), id="users of one product"),
        pytest.param(lambda _: -4.0, None, id="people use their own"),
    ],
)
def test_calls_that_go_on_in_the_manner_of_the_refused_account_are_a_fact(
    manner: Callable[[int], float], counts: tuple[int, int, bool] | None
) -> None:
    """Each account that goes on has one vote."""
    ties = [replace(t, manner=manner(POOL.index(t.other_account_id))) for t in ring(POOL, 60)]
    found = pool_facts(ties=ties).get("manner")
    assert (found and (found.count, found.of, found.is_counted)) == counts


def test_what_no_set_is_chosen_by_counts_however_many_sets_were_tried() -> None:
    """Twelve accounts of twelve are 12 bits: enough for the manner, and not for sign-ups among a thousand sets."""
    ties = [replace(t, manner=4.0, stops=1, begins=1) for t in ring(POOL[:12], 60)]
    everybody = [account(name) for name in (*POOL, *PEOPLE)]
    candidate = Candidate("candidate-1", frozenset(POOL[:12]), (), (), 1000)
    facts = find_facts(log(everybody, ties), candidate, frozenset(PEOPLE), PARAMETERS)
    bits = {fact.fact_id: (fact.bits, fact.is_counted) for fact in facts}
    assert bits["manner"] == bits["takeover"] == (12.0, True)
    few = Candidate("candidate-1", frozenset(POOL[:9]), (), (), 1)
    ties = [replace(t, manner=4.0) for t in ring(POOL[:9], 60)]
    facts = find_facts(log(everybody, ties), few, frozenset(PEOPLE), PARAMETERS)
    assert not next(fact for fact in facts if fact.fact_id == "manner").is_counted


def test_two_spare_keys_take_no_work_over() -> None:
    """A router that moves its customers' refused calls to two keys of its own has two votes, however many calls that are."""
    spare = [tie(POOL[2 + i % 18], POOL[i // 18 % 2], 100 + i, stops=1, begins=1) for i in range(90)]
    found = pool_facts(ties=spare)["takeover"]
    assert (found.count, found.of, found.is_counted) == (2, 2, False)


def test_a_log_in_which_strangers_take_work_over_is_its_own_control() -> None:
    """Where it is as common among all others it weighs nothing."""
    everybody = [account(name) for name in (*POOL, *PEOPLE)]
    ties = [replace(t, stops=1, begins=1) for t in (*ring(POOL, 60), *ring(PEOPLE, 120, first=1000))]
    found = log(everybody, ties, {"system:1": dict.fromkeys(POOL, 80)})
    candidate = Candidate("candidate-1", frozenset(POOL), ("system:1",), ("system:1",), 1)
    facts = {fact.fact_id: fact for fact in find_facts(found, candidate, frozenset(PEOPLE), PARAMETERS)}
    assert facts["takeover"].comparison == 0.9
    assert not facts["takeover"].is_counted


def test_a_log_whose_gateway_moves_everybodys_calls_is_its_own_control() -> None:
    """Where strangers' failed calls move as often, hand-overs weigh nothing."""
    everybody = [account(name) for name in (*POOL, *PEOPLE)]
    ties = [*ring(POOL, 30), *ring(PEOPLE, 90, first=1000)]
    found = renamed(log(everybody, ties))
    candidate = next(c for c in find_candidates(log(everybody, ring(POOL, 30)), PARAMETERS))
    facts = {f.fact_id: f for f in find_facts(found, candidate, frozenset(PEOPLE), PARAMETERS)}
    assert not facts["handover"].is_counted


@pytest.mark.parametrize(
    ("n_again", "is_counted"), [pytest.param(0, True, id="it ends"), pytest.param(8, False, id="it goes on as often")]
)
def test_work_that_others_send_after_an_answer_as_well_is_not_handed_over(n_again: int, is_counted: bool) -> None:
    """Readers of the same news send the same within seconds, whether the one before was refused or answered."""
    everybody = [
        account(name, n_answered=10, n_answered_again=n_again if name in POOL else 0) for name in (*POOL, *PEOPLE)
    ]
    found = log(everybody, ring(POOL, 30), {"system:1": dict.fromkeys(POOL, 80)})
    candidate = Candidate("candidate-1", frozenset(POOL), ("system:1",), ("system:1",), 1)
    facts = {fact.fact_id: fact for fact in find_facts(found, candidate, frozenset(PEOPLE), PARAMETERS)}
    assert facts["handover"].is_counted is is_counted


def test_purpose_needs_more_than_a_low_level() -> None:
    """Short prompts of one-shot products make the ratio of outputs fire."""
    loads = {"prefix:1": dict.fromkeys(POOL, 90)}
    low = {"harvest.output_harvest_ratio": "low"}
    assert "purpose" not in pool_facts(ties=ring(POOL, 30), loads=loads, fired={"prefix:1": list(low)}, levels=low)
    assert "purpose" in pool_facts(ties=ring(POOL, 30), loads=loads, fired={"prefix:1": ["harvest.cot_elicitation"]})


@pytest.mark.parametrize(
    ("members", "strangers", "counts"),
    [
        pytest.param(len(POOL), 0, True, id="all of the pool and nobody else"),
        pytest.param(2, 0, False, id="two accounts"),
        pytest.param(len(POOL), len(PEOPLE), False, id="a company was split, and everybody's conversations moved"),
    ],
)
def test_what_the_provider_says_of_reasoning_is_weighed_against_the_others(
    members: int, strangers: int, counts: bool
) -> None:
    """It is a fact of purpose where the accounts of the candidate show it and others do not."""
    holders = [*POOL[:members], *PEOPLE[:strangers]]
    fired = {name: ["harvest.refused_reasoning"] for name in holders}
    found = pool_facts(ties=ring(POOL, 30), fired=fired)["attested"]
    assert (found.kind, found.count, found.is_counted) == (Kind.PURPOSE, members, counts)
    assert "attested" not in pool_facts(ties=ring(POOL, 30))
