"""Whether a candidate may be one operator who uses accounts of their own, or of customers who agreed: what no fact can tell from a pool.

Each question has three outcomes. What the log cannot tell stays open, and an open question caps the grade as one that is answered with yes:
the facts are listed, and who operates the accounts has to be asked. What the suspect chooses (a name, a network) can cap a grade and
never makes the facts go away.

`report/queries/operators.sql` asks the same again for those who check a report: what changes here changes there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from distilforensics.assessment.fact import Kind
from distilforensics.assessment.log import connected
from distilforensics.assessment.tie_weights import TIES, ties_inside
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from distilforensics.assessment.fact import Fact
    from distilforensics.assessment.log import Log
    from distilforensics.assessment.parameters import Parameters
    from distilforensics.assessment.tie_weights import Accounts


_NOT_OF_A_SERVICE = ("conversation", "answer", "takeover", "signup")
"""Facts that a program which works with its customers' accounts does not produce, whoever pays for them."""


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

    common_share: float | None
    """Share of the calls with an address that come from addresses which at least a quarter of the accounts use, or from the three busiest if a tenth
    of them do, as the machines of one service do; None if no address is known."""
    n_known: int
    """Calls with an address."""
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
    place = _one_egress(egress, facts, domain, parameters)
    return [
        _few_customers(log, members, facts, (place, domain), parameters),
        place,
        domain,
        _spare_keys(log, members, facts, parameters),
        common_program(
            facts, are_named=sum(log.accounts[a].is_named for a in members) >= parameters.half * len(members)
        ),
        people(facts, nights, parameters, is_sleepless=nights.is_sleepless(len(members), parameters)),
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
                    "places, and not under one mail domain that is rare elsewhere: who pays for clients calls from own machines, or leaves each client its key."
                )
        outcome = Outcome.FITS if is_one or is_few else Outcome.EXCLUDED
    return Explanation(
        "operator.few_customers",
        "One customer, or a few, with many keys",
        outcome,
        statement,
        "Ask the billing department who pays for these accounts, and the customer what they are for and whose end users they serve.",
    )


def _are_few(customers: list[Accounts], parameters: Parameters) -> bool:
    n_largest = sum(map(len, customers[: parameters.few_customers]))
    return n_largest >= parameters.most * sum(map(len, customers))


def _one_egress(egress: Egress, facts: Iterable[Fact], domain: Explanation, parameters: Parameters) -> Explanation:
    """Hold a program that works with its customers' accounts, a firm's fleet or a room full of people against the accounts.

    A service may pay for its customers, open their accounts in packs and send a refused call on with the next one's key. It does not pass one
    customer's texts on to another: answers that its own desks check are no such texts, and no refused call goes on there. It moves no work, it
    opens accounts at other times than it buys packs, and it has one program, or one set of parameters. A firm has its mail domain, and people
    pay for themselves.
    """
    title = "One program in one place that works with the accounts of its customers"
    ask = "Ask the holders of these accounts whether they gave their key to a service, and to which."
    if egress.common_share is None:
        outcome, statement = (
            Outcome.IN_PART,
            "No client address is logged, so that it is not known from where the calls come.",
        )
    else:
        statement = (
            f"{units.share(egress.common_share, 1)} of {units.count(egress.n_known)} calls with a logged address come from addresses that a quarter of "
            "the accounts use, or from those of the three busiest that a tenth of them use."
        )
        counted = {fact.fact_id: fact for fact in facts if fact.is_counted}
        beyond = [
            _named(fact)
            for fact in counted.values()
            if fact.fact_id in _NOT_OF_A_SERVICE
            # People of one office check each other's answers, whoever pays.
            and (fact.fact_id != "answer" or "handover" in counted)
            # A refused turn that is sent on is a hand-over and no text that is passed on.
            and (fact.fact_id != "conversation" or fact.n_unforced >= parameters.half * fact.n_apart)
            # Teams at a contest, or a class, sign up within an hour, and two of them may share a card.
            and (
                fact.fact_id != "signup"
                or (fact.is_beyond_payers and ("handover" in counted or not fact.is_of_one_day))
            )
        ]
        are_many = "handover" in counted and egress.alike_share is not None and egress.alike_share < parameters.half
        fits = egress.common_share >= parameters.most
        if fits and "payment" in counted and domain.outcome is Outcome.EXCLUDED and (beyond or are_many):
            fits = False
            statement += (
                " But one pays for several customers, who are not of one mail domain that is rare elsewhere, and "
                + (
                    f"a service does not produce what else is seen: {', '.join(beyond)}."
                    if beyond
                    else "refused calls go on between different programs: the most common one, or set of parameters, is that of "
                    f"{units.share(egress.alike_share or 0, 1)} of the accounts."
                )
            )
        outcome = Outcome.FITS if fits else Outcome.EXCLUDED
    return Explanation("operator.one_egress", title, outcome, statement, ask)


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


def common_program(facts: Iterable[Fact], *, are_named: bool) -> Explanation:
    """Hold one product, or programs of different customers that work with each other, against the facts.

    A product that asks once for all who wait hands a failed call over to the next of them. News that its users ask about makes them work and
    pause together, and the night of its launch makes them sign up together. Where programs read what others write (agents that negotiate, a
    board, a news service), what one was refused is taken by the next, texts change from call to call, and whoever set them up may have done so
    at one sitting. But each of them pays for itself and calls in its own manner, and no work goes over. A firm whose people check each other's
    work pays for them; whether it is one stays open in a log without tenants, organisations and mail domains.
    """
    counted = {fact.fact_id: fact for fact in facts if fact.is_counted and fact.is_telling}
    produced = {"handover", "synchrony"}
    if counted.keys() & {"conversation", "answer"}:
        produced |= {"conversation", "answer", "rewording"}
        if "handover" not in counted:
            produced |= {"signup", "network"}
        if not are_named:
            produced.add("payment")
    beyond = [fact for name, fact in counted.items() if name not in produced and not fact.is_of_one_day]
    return Explanation(
        "operator.common_program",
        "One product whose users wait for the same answer, or programs of different customers that work with each other",
        Outcome.EXCLUDED if beyond else Outcome.CANNOT_TELL,
        f"They do not produce what else is seen here: {', '.join(map(_named, beyond))}."
        if beyond
        else "Nothing is seen that they do not produce: calls that go on elsewhere, texts that are passed on, common news, one day of sign-ups.",
        "Ask the maker of the program that the accounts use how it answers several users who ask the same, and whose texts it reads.",
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


def _is_quick(fact: Fact, parameters: Parameters) -> bool:
    return fact.n_quick >= max(1.0, parameters.half * fact.n_apart)


def people(facts: Collection[Fact], nights: Nights, parameters: Parameters, *, is_sleepless: bool) -> Explanation:
    """Hold people against the facts: those who know each other and pass work on, and those to whom a program gives each other's conversations.

    They ask again what failed for a neighbour, go on with each other's conversations, have each other's answers read, and sign up together.
    They do not do it within seconds again and again, they do not pay for each other across customers, and they use programs of their own.
    A program may move a conversation within seconds, for example at a limit; its next turn comes when somebody has read, thought and written.
    People sleep. But desks may be staffed day and night, as long as a limit is what moves most conversations.
    """
    counted = {fact.fact_id: fact for fact in facts if fact.is_counted}
    talks = counted.get("conversation")
    quick = [fact for fact in ([talks] if talks else counted.values()) if _is_quick(fact, parameters)]
    said = [
        f"{units.count(fact.n_quick)} of {units.count(fact.n_apart)} came within {parameters.quick_seconds:g} seconds: {_named(fact)}."
        for fact in quick
    ]
    # A program that moves a conversation moves its model and parameters with it.
    if "manner" in counted and talks is None:
        said.append(
            "Whoever goes on does so with the program and the parameters of the refused account, where people use their own."
        )
    if "payment" in counted:
        said.append("They share payment methods across customers.")
    if is_sleepless and (talks is None or talks.n_unforced >= parameters.half * talks.n_apart):
        said.append(
            f"People sleep: {units.count(nights.n_awake)} of the {units.count(nights.n_judged)} accounts with calls enough to show it call around "
            "the clock, in the six hours of the day in which they call least as well."
        )
    if not any(fact.is_telling and fact.kind is Kind.COORDINATION for fact in counted.values()):
        said = ["No work is passed on between customers often enough to count."]
    return Explanation(
        "operator.people",
        "People who know each other and pass work on, or to whom a program gives each other's conversations",
        Outcome.EXCLUDED if said else Outcome.CANNOT_TELL,
        " ".join(said)
        or (
            "Work is passed on at a pace that people keep as well, and no payment in common counts."
            if counted.keys() & set(TIES)
            else "Nothing is seen that people who know each other do not do."
        ),
        "Ask the holders of these accounts whether they know each other and from where, for whom they answer, and who gives them the work.",
    )


def _named(fact: Fact) -> str:
    return fact.title[0].lower() + fact.title[1:]
