"""Facts of work that goes on at another account: refused calls, conversations and answers, and how refused calls go on."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from distilforensics.assessment import weights
from distilforensics.assessment.fact import EXCLUDES, TITLES, Fact, Kind
from distilforensics.assessment.tie_weights import RATES
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from distilforensics.assessment.candidate import Candidate
    from distilforensics.assessment.log import Log, Tie
    from distilforensics.assessment.parameters import Parameters
    from distilforensics.assessment.tie_weights import Accounts


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


def rate_of(kind: str, controls: Iterable[tuple[int, int]], parameters: Parameters) -> float:
    """Return the rate against which ties are weighed: the measured one, or this log's own if that is higher and rests on enough calls."""
    own = [count / chances for count, chances in controls if count >= parameters.min_fact_calls and chances]
    return min(0.9, max(RATES[kind], *own, 0.0))


def sent_anyway(log: Log, kind: str, members: Accounts) -> tuple[int, int]:
    """Return the answered calls whose work another account sends next as if they had been refused, and all answered calls with such work.

    Users of one service who ask the same within seconds, such as readers of the same news, send it whether the call before was refused or not.
    """
    if kind != "handover":
        return 0, 0
    accounts = [log.accounts[account] for account in members]
    return sum(account.n_answered_again for account in accounts), sum(account.n_answered for account in accounts)


def tie_fact(
    log: Log,
    kind: str,
    inside: list[Tie],
    candidate: Candidate,
    outside: Accounts,
    floor: float,
    parameters: Parameters,
) -> Fact | None:
    """Return that work of one kind goes on at other accounts: refused calls, conversations, answers."""
    ties = [tie for tie in inside if tie.kind == kind]
    if not ties:
        return None
    control = control_rate(log, kind, outside)
    anyway = sent_anyway(log, kind, candidate.accounts)
    bits, n_distinct = distinct_bits(log, kind, candidate.accounts, ties, rate_of(kind, (control, anyway), parameters))
    works = {tie.work for tie in ties}
    chances = max(len(works), sum(log.accounts[account].chances(kind) for account in candidate.accounts))
    accounts = {account for tie in ties for account in tie.ends}
    shown = sorted(ties, key=lambda tie: (tie.relation != "distinct", tie.delay_us, tie.record_id))
    apart = [tie for tie in ties if tie.relation == "distinct"]
    records = [record for tie in shown for record in (tie.record_id, tie.other_record_id)]
    delays = [tie.delay_us / 1e6 for tie in apart]
    handed_over = {tie.other_record_id for tie in inside if tie.kind == "handover"}
    return Fact(
        fact_id=kind,
        title=TITLES[kind],
        kind=Kind.COORDINATION,
        bits=bits,
        count=len(works),
        of=chances,
        comparison=control[0] / control[1] if control[1] else None,
        n_accounts=len(accounts),
        statement=_tie_statement(kind, ties, len(works), n_distinct, chances, len(accounts), control, anyway),
        excludes=EXCLUDES[kind],
        record_ids=tuple(dict.fromkeys(records))[: parameters.exhibit_records],
        n_apart=len(delays),
        # A source that counts minutes has delays of nought, which say nothing of seconds.
        n_quick=sum(0 < delay <= parameters.quick_seconds for delay in delays),
        n_unforced=sum(tie.other_record_id not in handed_over for tie in apart),
        # A pool goes on with what it is refused. A router that took the next key on one bad day did so with few of its calls.
        is_counted=bits >= floor
        and n_distinct >= max(parameters.min_fact_calls, parameters.min_fact_share * chances * (kind == "handover"))
        and len(accounts) >= parameters.min_accounts,
    )


def _tie_statement(
    kind: str,
    ties: list[Tie],
    n_works: int,
    n_distinct: int,
    chances: int,
    n_accounts: int,
    control: tuple[int, int],
    anyway: tuple[int, int] = (0, 0),
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
    if anyway[0]:
        rest += (
            f" Of the {units.count(anyway[1])} answered calls of these accounts with the same work {units.count(anyway[0])} were sent next by another "
            "account as well."
        )
    return (
        f"{what}, {delay} later in the median ({units.count(n_accounts)} accounts). In {units.count(n_distinct)} cases the log names both "
        f"customers, and they differ. {rest}"
    )


def takeover_fact(log: Log, inside: list[Tie], outside: Accounts, parameters: Parameters) -> Fact | None:
    """Return that the work goes over with the refused call: the one account falls quiet, and the other one gets busy."""
    handovers = [tie for tie in inside if tie.kind == "handover" and tie.relation == "distinct"]
    others = log.of_others("takeover", outside, lambda: _taken_over(_handovers_among(log, outside)))
    rate = max(0.5, min(0.9, others[0] / sum(others))) if sum(others) >= parameters.min_accounts else 0.5
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
        title=TITLES["takeover"],
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
            f"{units.count(givers[0])} refused accounts fall quiet, {units.count(givers[1])} get busier. {_by_chance(rate)}"
        ),
        excludes=EXCLUDES["takeover"],
        record_ids=tuple(dict.fromkeys(records))[: parameters.exhibit_records],
        is_counted=bits >= parameters.min_fact_bits and len(accounts) >= parameters.min_accounts,
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


def manner_fact(log: Log, inside: list[Tie], outside: Accounts, parameters: Parameters) -> Fact | None:
    """Return that calls which go on elsewhere keep client program, parameters and model of the account that was refused.

    People who ask for somebody else use their own program, and users of one product have one manner, so that it is half and half. A pool that
    gives each account a manner of its own gives it away where one sends what was meant for another.
    """
    handovers = [tie for tie in inside if tie.kind == "handover" and tie.relation == "distinct"]
    others = _keeping(
        [tie for account in outside for tie in log.ties_of.get(account, ()) if outside.issuperset(tie.ends)]
    )
    rate = max(0.5, min(0.9, others[0] / sum(others))) if sum(others) >= parameters.min_accounts else 0.5
    n, n_against = _keeping(handovers)
    bits = weights.of_share(n, n + n_against, rate)
    if not bits:
        return None
    kept = sorted((tie for tie in handovers if tie.manner > 0), key=lambda tie: (-tie.manner, tie.record_id))
    records = [record for tie in kept for record in (tie.record_id, tie.other_record_id)]
    return Fact(
        fact_id="manner",
        title=TITLES["manner"],
        kind=Kind.COORDINATION,
        bits=bits,
        count=n,
        of=n + n_against,
        comparison=rate,
        n_accounts=n,
        statement=(
            f"{units.count(n)} accounts send what was refused to others with the client program, parameters and model of the refused account rather "
            f"than with those of their own calls; {units.count(n_against)} send it as they send their own. {_by_chance(rate)}"
        ),
        excludes=EXCLUDES["manner"],
        record_ids=tuple(dict.fromkeys(records))[: parameters.exhibit_records],
        is_counted=bits >= parameters.min_fact_bits and n >= parameters.min_accounts,
    )


def _by_chance(rate: float) -> str:
    """Return what is expected of accounts that have nothing to do with each other."""
    if rate > 0.5:
        return f"Of the accounts outside of every examined group {units.share(rate, 1)} do; the same is expected here."
    return "By chance it is half and half."


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
