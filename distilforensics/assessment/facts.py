"""What speaks for a campaign: facts, each one mechanism, with the number of calls or accounts that show it and what that weighs.

Heuristics that see the same calls are one fact. A fact names the innocent causes that it excludes, and those that it does not.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from distilforensics.analysis.kinds import kind_of, text_kinds
from distilforensics.assessment import weights
from distilforensics.assessment.fact import EXCLUDES, TITLES, Fact, Kind
from distilforensics.assessment.log import IDENTITIES
from distilforensics.assessment.tie_weights import (
    SCHEDULING,
    TELLING_IDENTITIES,
    TIES,
    ties_inside,
    weigh_identity,
)
from distilforensics.assessment.work_facts import manner_fact, takeover_fact, tie_fact
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.candidate import Candidate
    from distilforensics.assessment.log import Log, Observation
    from distilforensics.assessment.parameters import Parameters
    from distilforensics.assessment.tie_weights import Accounts, Weight


PURPOSEFUL = frozenset({"medium", "high", "critical"})
"""Levels from which on a heuristic of content says something of the purpose; short prompts of one-shot products make the others fire."""

ATTESTED = "harvest.refused_reasoning"
"""Heuristic by which the provider says whose reasoning a request holds."""

SYNCHRONY = "coordination.synchrony"
"""Heuristic that sees accounts work and pause together."""


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
    found = [tie_fact(log, kind, inside, candidate, outside, floor, parameters) for kind in TIES]
    # No set is chosen by these two, so that what is tried does not make them likelier.
    found.append(takeover_fact(log, inside, outside, parameters))
    found.append(manner_fact(log, inside, outside, parameters))
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
        title=TITLES[kind],
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
        excludes=EXCLUDES[kind],
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
    found = _covering(log, candidate, [SYNCHRONY], parameters.half)
    if not found:
        return None
    group, n_accounts = found[SYNCHRONY]
    row = next(row for row in log.fired(group) if row.heuristic_id == SYNCHRONY)
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
        if row.family in {"harvest", "structure"} and log.levels[row.heuristic_id] in PURPOSEFUL
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
        is_counted=bits >= floor and n_inside >= parameters.min_accounts,
        is_telling=False,
    )


def _n_attested(log: Log, accounts: Accounts) -> int:
    return sum(any(row.heuristic_id == ATTESTED for row in log.fired(account)) for account in accounts)
