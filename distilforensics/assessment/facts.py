"""What speaks for a campaign: facts, each one mechanism, with the number of calls or accounts that show it and what that weighs.

Heuristics that see the same calls are one fact. A fact names the innocent causes that it excludes, and those that it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import log2
from statistics import median
from typing import TYPE_CHECKING

from distilforensics.analysis.kinds import kind_of, text_kinds
from distilforensics.assessment import weights
from distilforensics.assessment.log import IDENTITIES
from distilforensics.assessment.weighing import (
    RATES,
    SCHEDULING,
    TELLING_IDENTITIES,
    TIES,
    ties_inside,
    weigh_identity,
)
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from distilforensics.assessment.candidates import Candidate
    from distilforensics.assessment.log import Log, Observation, Tie
    from distilforensics.assessment.parameters import Parameters
    from distilforensics.assessment.weighing import Accounts, Weight


class Kind(StrEnum):
    """What a fact is about."""

    COORDINATION = "coordination"
    IDENTITY = "identity"
    CONTENT = "content"
    PURPOSE = "purpose"


@dataclass(frozen=True, slots=True)
class Fact:
    """One mechanism, as far as this log shows it in a candidate."""

    fact_id: str
    title: str
    kind: Kind
    bits: float
    """What it weighs against accounts that have nothing to do with each other, and between customers that the log tells apart."""
    count: int
    of: int | None
    comparison: float | None
    """Count or share that accounts outside of every candidate show, or that is expected by chance."""
    n_accounts: int
    statement: str
    excludes: str
    """Innocent causes that do not produce it."""
    record_ids: tuple[str, ...] = ()
    is_counted: bool = True
    """Whether it reaches the floors of bits, calls and accounts."""
    is_telling: bool = True
    """Whether it tells a pool from a product, a vendor and a fleet; a fact that these show by nature bears no grade alone."""
    n_apart: int = 0
    """Of a fact of ties: how many lie between customers that the log tells apart."""
    n_quick: int = 0
    """Of these, how many came so soon after that a program must have sent them."""
    n_alike: int = 0
    """Of these, how many came after the median time, give or take a tenth."""
    is_of_one_day: bool = False
    """Of sign-ups: whether they are those of one day, so that without it too few are left to count."""
    is_beyond_payers: bool = True
    """Of a shared identity: whether it counts between payers as well, rather than only among accounts that one of them pays for."""


_PURPOSEFUL = frozenset({"medium", "high", "critical"})
"""Levels from which on a heuristic of content says something of the purpose; short prompts of one-shot products make the others fire."""

_ATTESTED = "harvest.refused_reasoning"

_TITLES = {
    "takeover": "With refused calls the work goes over to the next account",
    "manner": "Refused calls go on in the manner of the account that was refused",
    "handover": "Refused calls go on at other customers' accounts",
    "conversation": "Conversations go on at other customers' accounts",
    "answer": "Answers of some accounts come back as inputs of others",
    "payment": "One payment method behind several customers",
    "signup": "Accounts of several customers were made within the same ten minutes",
    "network": "Several customers share rare networks",
    "mail": "Several customers share rare mail domains or a mailbox",
}
_EXCLUDES = {
    "takeover": "independent customers, a product's users, a vendor's loop, a shared cache, an outage, common hours, a limit alone",
    "manner": "independent customers, a product's users, a shared cache, an outage, a class; not a service that customers lend their accounts",
    "handover": "independent customers, a product's users, a vendor's loop, a shared cache, an outage, a benchmark; if most come within seconds, also a class",
    "conversation": "independent customers, a product's users, a vendor's loop, a shared cache, a benchmark; if most come within seconds, also a class",
    "answer": "independent customers, a product's users, a vendor's loop, an outage, a benchmark",
    "payment": "independent customers, a product's users, a vendor that works with its customers' accounts",
    "signup": "independent customers, a vendor whose customers came one by one; not a course or a contest",
    "network": "independent customers",
    "mail": "independent customers",
}


def find_facts(log: Log, candidate: Candidate, outside: Accounts, parameters: Parameters) -> list[Fact]:
    """Return the facts of a candidate, the heaviest first within each kind.

    Args:
        log: The log.
        candidate: Accounts with the groups that are theirs.
        outside: Accounts of no candidate; their calls are the log's own control.
        parameters: Floors.
    """
    inside = ties_inside(log, candidate.accounts)
    floor = parameters.min_fact_bits + log2(max(1, candidate.n_tried))
    found = [_tie_fact(log, kind, inside, candidate, outside, floor, parameters) for kind in TIES]
    found.append(_takeover_fact(log, inside, outside, floor, parameters))
    found.append(_manner_fact(log, inside, outside, floor, parameters))
    found += [_identity_fact(log, kind, candidate, floor, parameters) for kind in IDENTITIES]
    found += [
        _synchrony_fact(log, candidate, parameters),
        _scheduler_fact(log, candidate, parameters),
        _frame_fact(log, candidate, parameters),
        _purpose_fact(log, candidate, parameters),
        _attested_fact(log, candidate, outside, floor, parameters),
    ]
    order = {kind: place for place, kind in enumerate(Kind)}
    return sorted((fact for fact in found if fact), key=lambda fact: (order[fact.kind], -fact.bits, fact.fact_id))


def distinct_bits(log: Log, kind: str, members: Accounts, ties: Iterable[Tie], rate: float) -> tuple[float, int]:
    """Return the weight and the number of different works of the ties of a kind between customers that the log tells apart."""
    works = {
        tie.work for tie in ties if tie.kind == kind and tie.relation == "distinct" and members.issuperset(tie.ends)
    }
    chances = max(len(works), sum(log.accounts[account].chances(kind) for account in members))
    return weights.of_share(len(works), chances, rate), len(works)


def control_rate(log: Log, kind: str, outside: Accounts) -> tuple[int, int]:
    """Return the ties of a kind from accounts outside of every candidate, and their calls that could have made one."""

    def count() -> tuple[int, int]:
        works = {
            tie.work
            for account in outside
            for tie in log.ties_of.get(account, ())
            if tie.kind == kind and tie.account_id in outside
        }
        return len(works), sum(log.accounts[account].chances(kind) for account in outside)

    return log.of_others(kind, outside, count)


def rate_of(kind: str, control: tuple[int, int], parameters: Parameters) -> float:
    """Return the rate against which ties are weighed: the measured one, or this log's own if that is higher and rests on enough calls."""
    count, chances = control
    own = count / chances if count >= parameters.min_fact_calls and chances else 0.0
    return min(0.5, max(RATES[kind], own))


def _tie_fact(
    log: Log,
    kind: str,
    inside: list[Tie],
    candidate: Candidate,
    outside: Accounts,
    floor: float,
    parameters: Parameters,
) -> Fact | None:
    ties = [tie for tie in inside if tie.kind == kind]
    if not ties:
        return None
    control = control_rate(log, kind, outside)
    bits, n_distinct = distinct_bits(log, kind, candidate.accounts, ties, rate_of(kind, control, parameters))
    works = {tie.work for tie in ties}
    chances = max(len(works), sum(log.accounts[account].chances(kind) for account in candidate.accounts))
    accounts = {account for tie in ties for account in tie.ends}
    shown = sorted(ties, key=lambda tie: (tie.relation != "distinct", tie.delay_us, tie.record_id))
    apart = [tie for tie in ties if tie.relation == "distinct"]
    records = [record for tie in shown for record in (tie.record_id, tie.other_record_id)]
    delays = [tie.delay_us / 1e6 for tie in apart]
    return Fact(
        fact_id=kind,
        title=_TITLES[kind],
        kind=Kind.COORDINATION,
        bits=bits,
        count=len(works),
        of=chances,
        comparison=control[0] / control[1] if control[1] else None,
        n_accounts=len(accounts),
        statement=_tie_statement(kind, ties, len(works), n_distinct, chances, len(accounts), control),
        excludes=_EXCLUDES[kind],
        record_ids=tuple(dict.fromkeys(records))[: parameters.exhibit_records],
        n_apart=len(delays),
        # A source that counts minutes has delays of nought, which say nothing of seconds.
        n_quick=sum(0 < delay <= parameters.quick_seconds for delay in delays),
        n_alike=sum(abs(delay / median(delays) - 1) <= parameters.alike for delay in delays if median(delays)),
        is_counted=bits >= floor
        and n_distinct >= parameters.min_fact_calls
        and len(accounts) >= parameters.min_tied_accounts,
    )


def _tie_statement(
    kind: str, ties: list[Tie], n_works: int, n_distinct: int, chances: int, n_accounts: int, control: tuple[int, int]
) -> str:
    delay = units.duration(median(tie.delay_us for tie in ties) / 1e6)
    what = {
        "handover": f"{units.count(n_works)} of {units.count(chances)} failed calls of these accounts were sent next by another of them",
        "conversation": f"{units.count(n_works)} calls of these accounts go on with a conversation that another of them had",
        "answer": f"{units.count(n_works)} answers that one of these accounts was given stand in a later prompt of another of them",
    }[kind]
    rest = (
        f"Of the {units.count(control[1])} such calls of accounts outside of every examined group {units.count(control[0])} did."
        if control[1]
        else "No account outside of every examined group has such a call."
    )
    return (
        f"{what}, {delay} later in the median ({units.count(n_accounts)} accounts). In {units.count(n_distinct)} cases the log names both "
        f"customers, and they differ. {rest}"
    )


def _takeover_fact(log: Log, inside: list[Tie], outside: Accounts, floor: float, parameters: Parameters) -> Fact | None:
    """Return that the work goes over with the refused call: the one account falls quiet, and the other one gets busy."""
    handovers = [tie for tie in inside if tie.kind == "handover" and tie.relation == "distinct"]
    others = log.of_others("takeover", outside, lambda: _taken_over(_handovers_among(log, outside)))
    rate = max(0.5, min(0.9, others[0] / sum(others))) if sum(others) >= parameters.min_tied_accounts else 0.5
    n, n_against = _taken_over(handovers, rate)
    bits = weights.of_share(n, n + n_against, rate)
    if not bits:
        return None
    takers, givers = _busier_takers(handovers), _quieter_givers(handovers)
    moved = [tie for tie in handovers if tie.stops > 0 and tie.begins > 0]
    accounts = {account for tie in moved for account in tie.ends}
    shown = sorted(moved, key=lambda tie: (tie.delay_us, tie.record_id))
    records = [record for tie in shown for record in (tie.record_id, tie.other_record_id)]
    return Fact(
        fact_id="takeover",
        title=_TITLES["takeover"],
        kind=Kind.COORDINATION,
        bits=bits,
        count=n,
        of=n + n_against,
        comparison=rate,
        n_accounts=len(accounts),
        statement=(
            f"In {units.count(len(moved))} of {units.count(len(handovers))} hand-overs the refused account sent fewer calls in the hour after than "
            "in the hour before, and the account that went on sent more. Where the refused one falls quiet, "
            f"{units.count(takers[0])} accounts get busier by going on, {units.count(takers[1])} less busy. Where the other one gets busier, "
            f"{units.count(givers[0])} refused accounts fall quiet, {units.count(givers[1])} get busier. By chance it is half and half."
        ),
        excludes=_EXCLUDES["takeover"],
        record_ids=tuple(dict.fromkeys(records))[: parameters.exhibit_records],
        is_counted=bits >= floor and len(accounts) >= parameters.min_tied_accounts,
    )


def _handovers_among(log: Log, accounts: Accounts) -> list[Tie]:
    """Return the hand-overs between some accounts, each once for either end."""
    ties = (tie for account in sorted(accounts) for tie in log.ties_of.get(account, ()) if tie.kind == "handover")
    return [tie for tie in ties if accounts.issuperset(tie.ends)]


def _taken_over(handovers: Collection[Tie], rate: float = 0.5) -> tuple[int, int]:
    """Return the accounts that speak for a work that goes over, and those against it, by the weaker of two questions.

    Limits alone make refused accounts fall quiet, and common hours make both change alike. So it is asked of the accounts that go on whether
    they get busier or less busy where the refused one falls quiet, and of refused accounts whether they fall quiet where the other gets busier.
    """
    answers = _busier_takers(handovers), _quieter_givers(handovers)
    return min(answers, key=lambda votes: (weights.of_share(votes[0], sum(votes), rate), votes))


def _busier_takers(handovers: Iterable[Tie]) -> tuple[int, int]:
    return _votes((tie.other_account_id, tie.begins) for tie in handovers if tie.stops > 0)


def _quieter_givers(handovers: Iterable[Tie]) -> tuple[int, int]:
    return _votes((tie.account_id, tie.stops) for tie in handovers if tie.begins > 0)


def _manner_fact(log: Log, inside: list[Tie], outside: Accounts, floor: float, parameters: Parameters) -> Fact | None:
    """Return that calls which go on elsewhere keep client program, parameters and model of the account that was refused.

    People who ask for somebody else use their own program, and users of one product have one manner, so that it is half and half. A pool that
    gives each account a manner of its own gives it away where one sends what was meant for another.
    """
    handovers = [tie for tie in inside if tie.kind == "handover" and tie.relation == "distinct"]
    others = _keeping(
        [tie for account in outside for tie in log.ties_of.get(account, ()) if outside.issuperset(tie.ends)]
    )
    rate = max(0.5, min(0.9, others[0] / sum(others))) if sum(others) >= parameters.min_tied_accounts else 0.5
    n, n_against = _keeping(handovers)
    bits = weights.of_share(n, n + n_against, rate)
    if not bits:
        return None
    kept = sorted((tie for tie in handovers if tie.manner > 0), key=lambda tie: (-tie.manner, tie.record_id))
    records = [record for tie in kept for record in (tie.record_id, tie.other_record_id)]
    return Fact(
        fact_id="manner",
        title=_TITLES["manner"],
        kind=Kind.COORDINATION,
        bits=bits,
        count=n,
        of=n + n_against,
        comparison=rate,
        n_accounts=n,
        statement=(
            f"{units.count(n)} accounts send what was refused to others with the client program, parameters and model of the refused account rather "
            f"than with those of their own calls; {units.count(n_against)} send it as they send their own. By chance it is half and half."
        ),
        excludes=_EXCLUDES["manner"],
        record_ids=tuple(dict.fromkeys(records))[: parameters.exhibit_records],
        is_counted=bits >= floor and n >= parameters.min_tied_accounts,
    )


def _keeping(handovers: Iterable[Tie]) -> tuple[int, int]:
    """Return the accounts that go on in the refused accounts' manner, and those that do in their own; each has one vote."""
    ordered = sorted(handovers, key=lambda tie: (tie.record_id, tie.other_record_id))
    return _votes((tie.other_account_id, tie.manner) for tie in ordered)


def _votes(changes: Iterable[tuple[str, float]]) -> tuple[int, int]:
    """Return how many accounts change in one direction on balance, and how many in the other; each has one vote."""
    balance: dict[str, float] = {}
    for account, change in changes:
        balance[account] = balance.get(account, 0) + change
    return sum(value > 0 for value in balance.values()), sum(value < 0 for value in balance.values())


def _identity_fact(log: Log, kind: str, candidate: Candidate, floor: float, parameters: Parameters) -> Fact | None:
    weight = weigh_identity(log, kind, candidate.accounts)
    if not weight.count:
        return None
    held: dict[str, set[str]] = {}
    for account in candidate.accounts:
        for value in log.shared[kind].get(account, ()):
            held.setdefault(value, set()).add(account)
    common = {value: accounts for value, accounts in held.items() if len(accounts) > 1}
    accounts = frozenset().union(*common.values()) if common else frozenset()
    what = {
        "payment": "payment methods",
        "signup": "slots of ten minutes",
        "network": "addresses or networks",
        "mail": "mail domains or mailboxes",
    }[kind]
    without = log.without_busiest_day(candidate.accounts) if kind == "signup" else candidate.accounts
    between = weigh_identity(log, kind, candidate.accounts, is_beyond_payers=kind != "payment")
    verb = {"payment": "are paid by", "signup": "were made in", "network": "call from", "mail": "are registered at"}[
        kind
    ]
    return Fact(
        fact_id=kind,
        title=_TITLES[kind],
        kind=Kind.IDENTITY,
        bits=weight.bits,
        count=weight.count,
        of=None,
        comparison=weight.reference,
        n_accounts=len(accounts),
        statement=(
            f"{units.count(len(accounts))} of {units.count(len(candidate.accounts))} accounts {verb} {units.count(len(common))} {what} that they "
            f"share: {units.count(weight.count)} accounts more than there are such values; {weight.reference:.1f} are expected of as many "
            "accounts drawn from this log by lot."
        ),
        excludes=_EXCLUDES[kind],
        is_counted=(
            weight.bits >= floor
            and weight.count >= parameters.min_fact_calls
            and len(accounts) >= parameters.min_fact_share * len(candidate.accounts)
        ),
        is_telling=kind in TELLING_IDENTITIES,
        is_of_one_day=kind == "signup"
        and not _is_left(weigh_identity(log, kind, without), parameters.min_growth_bits, parameters),
        is_beyond_payers=_is_left(between, parameters.min_fact_bits, parameters),
    )


def _is_left(weight: Weight, floor: float, parameters: Parameters) -> bool:
    return weight.bits >= floor and weight.count >= parameters.min_fact_calls


def _covering(log: Log, candidate: Candidate, heuristics: Iterable[str], share: float) -> Mapping[str, tuple[str, int]]:
    """Return heuristic id to the candidate's group with most accounts on which it fired, and these, if they are enough of the candidate's."""
    wanted, found = set(heuristics), dict[str, tuple[str, int]]()
    for group in candidate.groups:
        n_accounts = len(candidate.accounts & log.loads[group].keys())
        if n_accounts < share * len(candidate.accounts):
            continue
        for row in log.fired(group):
            if row.heuristic_id in wanted and n_accounts > found.get(row.heuristic_id, ("", 0))[1]:
                found[row.heuristic_id] = (group, n_accounts)
    return found


def _scheduler_fact(log: Log, candidate: Candidate, parameters: Parameters) -> Fact | None:
    found = _covering(log, candidate, SCHEDULING, parameters.half)
    if not found:
        return None
    names = sorted(found)
    return Fact(
        fact_id="scheduler",
        title="The calls are dealt out over the accounts as one scheduler does",
        kind=Kind.COORDINATION,
        bits=0.0,
        count=len(names),
        of=len(SCHEDULING),
        comparison=None,
        n_accounts=max(n for _, n in found.values()),
        statement=" ".join(f"{log.titles[name].rstrip('.')}." for name in names),
        excludes="independent customers; not a vendor's loop, a fleet, timers or a product that runs by itself",
        is_telling=False,
    )


def _synchrony_fact(log: Log, candidate: Candidate, parameters: Parameters) -> Fact | None:
    """Return that the accounts work and pause together beyond what hours of the day explain; the shared cache of a product does not do that."""
    found = _covering(log, candidate, ["coordination.synchrony"], parameters.half)
    if not found:
        return None
    group, n_accounts = found["coordination.synchrony"]
    row = next(row for row in log.fired(group) if row.heuristic_id == "coordination.synchrony")
    return Fact(
        fact_id="synchrony",
        title="The accounts work and pause together",
        kind=Kind.COORDINATION,
        bits=0.0,
        count=n_accounts,
        of=len(candidate.accounts),
        comparison=row.baseline,
        n_accounts=n_accounts,
        statement=observation_statement(row, log),
        excludes="independent customers, a product's users, a shared cache; not people of one place or a fleet",
    )


def observation_statement(row: Observation, log: Log) -> str:
    """Return one sentence with the numbers of an observation; the side of the threshold follows from whether it fired."""
    parts = [f"{_number(row.value)} ({log.units[row.heuristic_id]})"]
    if row.baseline is not None:
        parts.append(f"for comparison {_number(row.baseline)}")
    if row.value is not None and row.threshold is not None:
        is_upper = (row.value >= row.threshold) == row.is_fired
        parts.append(f"it fires {'from' if is_upper else 'up to'} {_number(row.threshold)}")
    where = f"{units.count(row.n_exchanges)} requests of {units.count(row.n_accounts)} accounts"
    return f"{log.titles[row.heuristic_id]}: {'; '.join(parts)}. Over {where}."


def _number(value: float | None) -> str:
    """Return a number with three significant digits and no exponent for what people count."""
    if value is None:
        return "n/a"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _frame_fact(log: Log, candidate: Candidate, parameters: Parameters) -> Fact | None:
    """Return the text that most accounts send; one that is worded anew for every call, and never sent as it is, hides that it is one text."""
    texts = {
        group: candidate.accounts & log.loads[group].keys()
        for group in candidate.groups
        if kind_of(group) in text_kinds()
        and len(candidate.accounts & log.loads[group].keys()) >= parameters.half * len(candidate.accounts)
    }
    if not texts:
        return None
    group = max(texts, key=lambda name: (kind_of(name) != "near", len(texts[name]), name))
    loads = log.loads[group]
    is_reworded = kind_of(group) == "near"
    n_others = len(loads) - len(texts[group])
    return Fact(
        fact_id="rewording" if is_reworded else "frame",
        title="One text is worded anew for every call" if is_reworded else "One text that hardly anybody else sends",
        kind=Kind.CONTENT,
        bits=0.0,
        count=sum(loads[account][0] for account in texts[group]),
        of=sum(n for n, _ in loads.values()),
        comparison=None,
        n_accounts=len(texts[group]),
        statement=(
            f"{units.count(len(texts[group]))} of {units.count(len(candidate.accounts))} accounts send one text"
            f"{', in words that change from call to call' if is_reworded else ''}; {units.count(n_others)} other accounts send it too."
        ),
        excludes="customers without a common program; a product or cache that sends its text as it is"
        if is_reworded
        else "customers without a common program; not a product or a fleet",
        is_telling=is_reworded,
    )


def _purpose_fact(log: Log, candidate: Candidate, parameters: Parameters) -> Fact | None:
    names = [
        row.heuristic_id
        for group in candidate.groups
        for row in log.fired(group)
        if row.family in {"harvest", "structure"} and log.levels[row.heuristic_id] in _PURPOSEFUL
    ]
    found = _covering(log, candidate, names, parameters.min_fact_share)
    if not found:
        return None
    return Fact(
        fact_id="purpose",
        title="What is asked for is what training data is made of",
        kind=Kind.PURPOSE,
        bits=0.0,
        count=len(found),
        of=None,
        comparison=None,
        n_accounts=max(n for _, n in found.values()),
        statement=" ".join(f"{log.titles[name].rstrip('.')}." for name in sorted(found)),
        excludes="ordinary use; not a benchmark or a product that asks for reasoning",
        is_telling=False,
    )


def _attested_fact(
    log: Log, candidate: Candidate, outside: Accounts, floor: float, parameters: Parameters
) -> Fact | None:
    """Return what the provider itself says of reasoning that the accounts sent and that others had received.

    Weighed against the accounts outside: where a company was split or moved, its accounts show it as well.
    """
    n_inside = _n_attested(log, candidate.accounts)
    if not n_inside:
        return None
    n_outside, _ = log.of_others("attested", outside, lambda: (_n_attested(log, outside), len(outside)))
    bits = weights.of_share(n_inside, len(candidate.accounts), (n_outside + 1) / (len(outside) + 2))
    return Fact(
        fact_id="attested",
        title="The provider says that reasoning in the requests belongs to other organisations or end users",
        kind=Kind.PURPOSE,
        bits=bits,
        count=n_inside,
        of=len(candidate.accounts),
        comparison=n_outside / len(outside) if outside else None,
        n_accounts=n_inside,
        statement=(
            f"For {units.count(n_inside)} of {units.count(len(candidate.accounts))} accounts the provider's own answers say so at least "
            f"twice each; for {units.count(n_outside)} of {units.count(len(outside))} accounts outside of every examined group."
        ),
        excludes="ordinary use, a benchmark, a class; not a customer who moves conversations between organisations of its own",
        is_counted=bits >= floor and n_inside >= parameters.min_tied_accounts,
        is_telling=False,
    )


def _n_attested(log: Log, accounts: Accounts) -> int:
    return sum(any(row.heuristic_id == _ATTESTED for row in log.fired(account)) for account in accounts)
