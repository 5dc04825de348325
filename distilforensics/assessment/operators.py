"""Whether a candidate may be one operator who uses accounts of their own, or of customers who agreed: what no fact can tell from a pool.

Each question has three outcomes. What the log cannot tell stays open, and an open question caps the grade as one that is answered with yes:
the facts are listed, and who operates the accounts has to be asked. What the suspect chooses (a name, a network) can cap a grade and
never makes the facts go away.

`report/queries/operators.sql` asks the same again for those who check a report: what changes here changes there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from distilforensics.assessment import weights
from distilforensics.assessment.fact import Kind
from distilforensics.assessment.log import connected
from distilforensics.assessment.weighing import ties_inside
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from distilforensics.assessment.fact import Fact
    from distilforensics.assessment.log import Log
    from distilforensics.assessment.parameters import Parameters
    from distilforensics.assessment.weighing import Accounts


class Outcome(StrEnum):
    """What the numbers say of an innocent explanation."""

    EXCLUDED = "excluded"
    IN_PART = "in part"
    FITS = "fits"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One innocent explanation, held against one candidate."""

    explanation_id: str
    title: str
    outcome: Outcome
    statement: str
    ask: str
    """Whom to ask for what, if the log cannot tell or the explanation fits."""

    @property
    def caps(self) -> bool:
        """Whether the candidate may be one operator."""
        return self.outcome in {Outcome.FITS, Outcome.CANNOT_TELL}


@dataclass(frozen=True, slots=True)
class Egress:
    """Where a candidate's calls come from."""

    address_share: float | None
    """Share of the calls with an address that come from the three busiest ones; None if no address is known."""
    n_accounts: int
    """Accounts behind the busiest one."""
    n_known: int
    """Calls with an address."""
    common_share: float = 0.0
    """Share of them that come from addresses which at least a quarter of the accounts use, as the machines of one service do."""
    alike_share: float | None = None
    """Share of the accounts that mostly call with the most common client program, or the same of the call parameters if that is larger; None if no
    program is known."""


@dataclass(frozen=True, slots=True)
class Nights:
    """Whether a candidate's accounts rest, as people do."""

    n_judged: int
    """Accounts with calls enough, on days enough, to show when they rest."""
    n_awake: int
    """Of these, those that call in the six hours of the day in which they call least about as often as in any others."""

    def is_sleepless(self, n_members: int, parameters: Parameters) -> bool:
        """Tell whether no people can be behind most of the accounts."""
        return self.n_judged >= parameters.half * n_members and self.n_awake >= max(
            parameters.min_accounts, parameters.half * self.n_judged
        )


def ask_operators(
    log: Log, members: Accounts, facts: Collection[Fact], egress: Egress, nights: Nights, parameters: Parameters
) -> list[Explanation]:
    """Return the explanations by which a candidate is one operator's own or one program's, in fixed order."""
    domain = _one_domain(log, members, parameters)
    is_sleepless = nights.is_sleepless(len(members), parameters)
    place = _one_egress(members, egress, facts, domain, parameters, is_sleepless=is_sleepless)
    return [
        _few_customers(log, members, facts, (place, domain), parameters),
        place,
        domain,
        _spare_keys(log, members, facts, parameters),
        shared_cache(facts),
        counterparts(log, members, facts, parameters),
        dispatcher(facts, nights, parameters, is_sleepless=is_sleepless),
        _of_people(acquaintances(facts, parameters), nights, is_sleepless=is_sleepless),
    ]


def customers_of(log: Log, members: Accounts, *, by_payer: bool = True) -> list[Accounts]:
    """Return the members whose customer the log names, by customer, the largest first.

    Args:
        log: The log.
        members: The accounts.
        by_payer: Whether a payment method in common makes one customer, as a tenant and an organisation do.
    """
    pairs = set[tuple[str, str]]()
    for account in members:
        row = log.accounts[account]
        names = {"tenant": row.tenant_id, "organisation": row.organization}
        if by_payer:
            names["payer"] = row.payment_fingerprint
        pairs |= {(f"account {account}", f"{kind} {name}") for kind, name in names.items() if name}
    found = [
        frozenset(name.removeprefix("account ") for name in group if name.startswith("account "))
        for group in connected(pairs)
    ]
    return sorted(found, key=lambda accounts: (-len(accounts), min(accounts)))


def _few_customers(
    log: Log, members: Accounts, facts: Iterable[Fact], other: Iterable[Explanation], parameters: Parameters
) -> Explanation:
    """Hold a firm or an integrator with keys for its clients against the accounts.

    An integrator has up to three cards. It calls from its own machines, or lets its clients call for themselves, with their own keys alone:
    where the accounts of several payers send each other's refused calls from many places, payment alone makes nobody a customer.
    """
    customers = customers_of(log, members)
    n_known = sum(map(len, customers))
    said = f"The log names the tenant, organisation or payer of {units.count(n_known)} of {units.count(len(members))} accounts"
    if n_known < parameters.half * len(members):
        outcome, statement = Outcome.CANNOT_TELL, f"{said}; the others may belong to one customer."
    else:
        statement = f"{said}: {units.count(len(customers))} customers, of which the largest has {units.count(len(customers[0]))} accounts."
        is_one = len(customers[0]) >= parameters.half * n_known
        is_few = _are_few(customers, parameters)
        if is_few and not is_one:
            named = customers_of(log, members, by_payer=False)
            is_few = (
                sum(map(len, named)) < parameters.most * len(members)
                or _are_few(named, parameters)
                or not any(fact.fact_id == "handover" and fact.is_counted for fact in facts)
                or any(explanation.outcome is not Outcome.EXCLUDED for explanation in other)
            )
            if not is_few:
                statement += (
                    f" But they are {units.count(len(named))} by tenant and organisation, and refused calls go on between different payers, from many "
                    "places and under many mail domains: who pays for clients calls from own machines, or leaves each client its key."
                )
        outcome = Outcome.FITS if is_one or is_few else Outcome.EXCLUDED
    return Explanation(
        "operator.few_customers",
        "One customer, or a few, with many keys",
        outcome,
        statement,
        "Ask the billing department who pays for these accounts, and the customer what they are for.",
    )


def _are_few(customers: list[Accounts], parameters: Parameters) -> bool:
    n_largest = sum(map(len, customers[: parameters.few_customers]))
    return n_largest >= parameters.few_customers_share * sum(map(len, customers))


def _one_egress(
    members: Accounts,
    egress: Egress,
    facts: Iterable[Fact],
    domain: Explanation,
    parameters: Parameters,
    *,
    is_sleepless: bool,
) -> Explanation:
    """Hold a program that works with its customers' accounts, a firm's fleet or a room full of people against the accounts.

    Customers and people come one by one and pay for themselves, and a firm has its mail domain: accounts of many domains that were paid for
    and opened together, and send each other's refused calls, are none of these. But an outfitter opens accounts in packs and pays for each
    pack: sign-ups in common must be those of several payers.
    One service has one program, or one set of parameters. Who has many is not one service, and people who share a room pay for themselves and
    do not go on within seconds, or by day and night, with what their neighbour was refused.
    """
    title = "One program in one place that works with the accounts of its customers"
    ask = "Ask the holders of these accounts whether they gave their key to a service, and to which."
    if egress.address_share is None:
        outcome, statement = (
            Outcome.IN_PART,
            "No client address is logged, so that it is not known from where the calls come.",
        )
    else:
        statement = (
            f"{units.share(egress.address_share, 1)} of {units.count(egress.n_known)} calls with a logged address come from the three busiest; the busiest one "
            f"has calls of {units.count(egress.n_accounts)} of the {units.count(len(members))} accounts. "
            f"{units.share(egress.common_share, 1)} come from addresses that a quarter of the accounts use."
        )
        counted = {fact.fact_id: fact for fact in facts if fact.is_counted}
        between_payers = {fact.fact_id for fact in facts if fact.is_counted and fact.is_beyond_payers}
        is_near = egress.address_share >= parameters.most and egress.n_accounts >= parameters.min_fact_share * len(
            members
        )
        # The machines of a service that has more than three addresses call with the keys of customers who pay for themselves.
        fits = is_near or (egress.common_share >= parameters.most and "payment" not in counted)
        is_one_program = egress.alike_share is None or egress.alike_share >= parameters.half
        is_tireless = is_sleepless or ("handover" in counted and _is_quick(counted["handover"], parameters))
        if (
            fits
            and not is_one_program
            and domain.outcome is Outcome.EXCLUDED
            and _is_bound_otherwise(counted, is_tireless=is_tireless)
        ):
            fits = False
            statement += (
                f" But the most common client program, or set of parameters, is that of {units.share(egress.alike_share or 0, 1)} of the accounts: these "
                "are many programs, and people in one room neither pay for each other nor call within seconds, or by day and night, for whoever is refused."
            )
        if fits and between_payers >= {"handover", "payment", "signup"} and domain.outcome is Outcome.EXCLUDED:
            fits = False
            statement += (
                " But several accounts each were paid for and opened together, under different mail domains, and refused calls of one go on at "
                "another: customers come one by one and pay for themselves, and a firm has a mail domain of its own."
            )
        outcome = Outcome.FITS if fits else Outcome.EXCLUDED
    return Explanation("operator.one_egress", title, outcome, statement, ask)


def _is_bound_otherwise(counted: Mapping[str, Fact], *, is_tireless: bool) -> bool:
    """Tell whether refused calls go on among accounts that one pays for, or, as no people keep up, among accounts that were opened together day after day."""
    signup = counted.get("signup")
    is_opened_together = signup is not None and signup.is_beyond_payers and not signup.is_of_one_day
    return "handover" in counted and ("payment" in counted or (is_opened_together and is_tireless))


def _one_domain(log: Log, members: Accounts, parameters: Parameters) -> Explanation:
    domains: Mapping[str, int] = Counter(log.accounts[account].email_domain or "" for account in sorted(members))
    named = {domain: n for domain, n in domains.items() if domain}
    title, ask = (
        "One organisation whose people have a mail address there",
        "Ask the organisation behind the mail domain.",
    )
    if not named:
        return Explanation("operator.one_domain", title, Outcome.IN_PART, "No mail domain is known.", ask)
    domain, n = max(named.items(), key=lambda item: (item[1], item[0]))
    n_elsewhere = sum(row.email_domain == domain for row in log.accounts.values()) - n
    fits = n >= parameters.most * len(members) and n_elsewhere < n
    statement = (
        f"The most common mail domain has {units.count(n)} of the {units.count(len(members))} accounts, "
        f"and {units.count(n_elsewhere)} others of the log."
    )
    return Explanation("operator.one_domain", title, Outcome.FITS if fits else Outcome.EXCLUDED, statement, ask)


def shared_cache(facts: Iterable[Fact]) -> Explanation:
    """Hold the one product that hands calls over between its customers against the facts: a cache whose waiting users try in turn.

    News that all of its users ask about makes them work and pause together, and the night of its launch makes them sign up together.
    """
    beyond = [
        fact
        for fact in facts
        if fact.is_counted
        and fact.is_telling
        and fact.fact_id not in {"handover", "synchrony"}
        and not fact.is_of_one_day
    ]
    named = ", ".join(map(_named, beyond))
    return Explanation(
        "operator.shared_cache",
        "One product whose users wait for the same answer, so that the next one calls when a call fails",
        Outcome.EXCLUDED if beyond else Outcome.CANNOT_TELL,
        f"It does not produce what else is seen here: {named}."
        if beyond
        else "Beyond calls that go on elsewhere, common news and one day of sign-ups nothing is seen that it does not produce.",
        "Ask the maker of the program that the accounts use how it answers several users who ask the same.",
    )


def counterparts(log: Log, members: Accounts, facts: Collection[Fact], parameters: Parameters) -> Explanation:
    """Hold programs of different customers that work with each other against the facts: agents that negotiate, readers of one news service.

    What one writes is what the other one reads, within seconds and as often as they like. But a refused call is the caller's own affair, and
    each pays for itself. A firm whose people check each other's work pays for them; it is another question, which a log without tenants,
    organisations and mail domains leaves open.
    """
    counted = {fact.fact_id: fact for fact in facts if fact.is_counted}
    passed = counted.keys() & {"conversation", "answer"}
    named = [log.accounts[account].is_named for account in members]
    is_of_one_firm = "payment" in counted and sum(named) < parameters.half * len(named)
    against = [counted[name] for name in ("handover", "payment") if name in counted]
    if not passed:
        outcome, statement = Outcome.EXCLUDED, "No text is passed on."
    elif "handover" in counted or (against and not is_of_one_firm):
        outcome = Outcome.EXCLUDED
        statement = f"They do not produce what else is seen here: {', '.join(map(_named, against))}."
    else:
        outcome = Outcome.CANNOT_TELL
        statement = (
            "Texts are passed on, but no refused call is, and the log names no tenant, organisation or mail domain: one firm may pay for people "
            "who check each other's work."
            if is_of_one_firm
            else "Texts are passed on between customers, but no refused call is, and each customer pays alone."
        )
    return Explanation(
        "operator.counterparts",
        "Programs of different customers that write to each other, or read what one of them publishes",
        outcome,
        statement,
        "Ask the holders of these accounts whose texts their programs read, and from where they have them.",
    )


def _spare_keys(log: Log, members: Accounts, facts: Iterable[Fact], parameters: Parameters) -> Explanation:
    """Hold a service against the hand-overs that goes on with a few keys of its own when a customer's key is refused; the customers pay alone."""
    ties = [tie for tie in ties_inside(log, members) if tie.kind == "handover" and tie.relation != "same"]
    takers = Counter(tie.other_account_id for tie in ties).most_common(int(parameters.min_fact_share * len(members)))
    n_taken = sum(n for _, n in takers)
    is_paid_together = any(fact.fact_id == "payment" and fact.is_counted for fact in facts)
    is_taken = n_taken >= max(parameters.most * len(ties), parameters.min_fact_calls * len(takers), 1)
    return Explanation(
        "operator.spare_keys",
        "A service, a school or a parent whose own few keys take what the others' keys are refused",
        Outcome.FITS if is_taken and not is_paid_together else Outcome.EXCLUDED,
        f"{units.count(n_taken)} of {units.count(len(ties))} hand-overs go to the {units.count(len(takers))} accounts that take most."
        if ties
        else "No refused call goes on at another customer's account.",
        "Ask the holders of the accounts that take refused calls for whom they do that.",
    )


def dispatcher(facts: Collection[Fact], nights: Nights, parameters: Parameters, *, is_sleepless: bool) -> Explanation:
    """Hold people at work to whom a program gives each other's conversations against the facts: advisers, a centre of several firms.

    The program moves a conversation within seconds, for example when an account is limited. Its next turn comes when somebody has read,
    thought and written. Everybody pays alone. Desks may be staffed day and night; where most conversations go on elsewhere though nothing was
    refused, no limit moves them.
    """
    counted = {fact.fact_id: fact for fact in facts if fact.is_counted}
    talks = counted.get("conversation")
    if talks is None:
        outcome, statement = Outcome.EXCLUDED, "No conversation goes on at another customer's account."
    elif "payment" in counted or _is_quick(talks, parameters) or _is_timed(talks, parameters):
        outcome = Outcome.EXCLUDED
        statement = (
            "They share payment methods across customers."
            if "payment" in counted
            else f"The conversations go on at the pace of a program: {units.count(talks.n_quick)} of {units.count(talks.n_apart)} within "
            f"{parameters.quick_seconds:g} seconds, {units.count(talks.n_alike)} after the same time."
        )
    else:
        outcome = Outcome.CANNOT_TELL
        statement = (
            f"{units.count(talks.n_quick)} of {units.count(talks.n_apart)} conversations went on within {parameters.quick_seconds:g} seconds; the "
            "others at a pace that people keep as well, and each customer pays alone."
        )
    explanation = Explanation(
        "operator.dispatcher",
        "People at work to whom a program gives each other's conversations",
        outcome,
        statement,
        "Ask the holders of these accounts for whom they answer, and who gives them the conversations.",
    )
    is_forced = talks is None or talks.n_unforced < parameters.half * talks.n_apart
    return _of_people(explanation, nights, is_sleepless=is_sleepless and not is_forced)


def _is_quick(fact: Fact, parameters: Parameters) -> bool:
    return fact.n_quick >= max(1.0, parameters.half * fact.n_apart)


def _is_timed(fact: Fact, parameters: Parameters) -> bool:
    bits = weights.of_share(fact.n_alike, fact.n_apart, parameters.alike_by_chance)
    return bits >= parameters.min_fact_bits


def acquaintances(facts: Collection[Fact], parameters: Parameters) -> Explanation:
    """Hold people who know each other against the facts: a course, a circle, a contest, or readers of each other's links.

    They ask again what failed for a neighbour, go on with each other's conversations, have each other's answers read, and sign up together.
    They do not do it within seconds again and again, and they do not pay for each other across customers, nor do they use each other's programs.
    A platform that gives their work to the next one may wait a fixed time; they are at home then, and share no networks.
    """
    counted = [fact for fact in facts if fact.is_counted]
    quick = [fact for fact in counted if _is_quick(fact, parameters)]
    is_one_net = any(fact.fact_id == "network" for fact in counted)
    timed = [fact for fact in counted if is_one_net and _is_timed(fact, parameters)]
    is_passed_on = any(fact.is_telling and fact.kind is Kind.COORDINATION for fact in counted)
    said = [
        f"{units.count(fact.n_quick)} of {units.count(fact.n_apart)} came within {parameters.quick_seconds:g} seconds: {_named(fact)}."
        for fact in quick
    ]
    said += [
        f"{units.count(fact.n_alike)} of {units.count(fact.n_apart)} came after the same time, give or take a tenth, as a program waits: {_named(fact)}."
        for fact in timed
        if fact not in quick
    ]
    said += [
        "Whoever goes on does so with the program and the parameters of the refused account, where people use their own."
        for fact in counted
        if fact.fact_id == "manner"
    ]
    said += ["They share payment methods across customers." for fact in counted if fact.fact_id == "payment"]
    if said or not is_passed_on:
        outcome, statement = Outcome.EXCLUDED, " ".join(said) or "No work is passed on between customers."
    else:
        outcome, statement = (
            Outcome.CANNOT_TELL,
            "Work is passed on at a pace that people keep as well, and each customer pays alone.",
        )
    return Explanation(
        "operator.acquaintances",
        "People who know each other and pass work on: a course, a circle, a contest, shared links",
        outcome,
        statement,
        "Ask the holders of these accounts whether they know each other, and from where.",
    )


def _of_people(explanation: Explanation, nights: Nights, *, is_sleepless: bool) -> Explanation:
    """Return an explanation by people, which accounts exclude that call around the clock for days: people sleep, each at hours of their own."""
    if not (explanation.caps and is_sleepless):
        return explanation
    statement = (
        f"{explanation.statement} But people sleep: {units.count(nights.n_awake)} of the {units.count(nights.n_judged)} accounts with calls enough to "
        "show it call around the clock, in the six hours of the day in which they call least as well."
    )
    return replace(explanation, outcome=Outcome.EXCLUDED, statement=statement)


def _named(fact: Fact) -> str:
    return fact.title[0].lower() + fact.title[1:]
