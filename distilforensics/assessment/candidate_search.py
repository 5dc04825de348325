"""Which accounts are looked at together: sets that compete for the ties between accounts.

Every group of accounts (a common text, common parameters, a cluster of rare identities) and every set that ties connect is a candidate.
Each is weighed by the same rule, the heaviest is taken, its accounts are taken out, and what is left is weighed again. A set that holds
strangers has more failed calls that went nowhere and more identities that nobody shares, and so weighs less than the pure set inside of it.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING

from distilforensics.analysis.kinds import kind_of, text_kinds
from distilforensics.assessment import weights
from distilforensics.assessment.candidate import Candidate, Rule, Step
from distilforensics.assessment.candidate_parts import is_dense, parts_of, texts_of
from distilforensics.assessment.log import IDENTITIES, connected
from distilforensics.assessment.tie_weights import (
    RATES,
    SCHEDULING,
    TELLING_IDENTITIES,
    TIES,
    Accounts,
    Weight,
    ties_inside,
    weigh,
    weigh_identity,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from distilforensics.assessment.log import Log
    from distilforensics.assessment.parameters import Parameters


def find_candidates(log: Log, parameters: Parameters) -> list[Candidate]:
    """Return candidates, the heaviest first, with no account in common; numbered `candidate-1` and on."""
    free = frozenset(log.accounts)
    found: list[Candidate] = []
    # Most sets lose no account to the candidate that is taken out, and weigh what they weighed.
    scores: dict[tuple[str | None, Accounts], float] = {}
    while True:
        tried = _sets(log, free, parameters)
        scores = {
            (group, members): scores[group, members] if (group, members) in scores else _score(log, members, group)
            for _, group, members in tried
        }
        rule, best = (
            Rule.HEAVIEST,
            max(((scores[group, members], name) for name, group, members in tried), default=(0.0, "")),
        )
        if best[0] < parameters.min_fact_bits:
            rule = Rule.REWORDED
            # Part of the wordings of a reworded text are not recognised, so that last of all hand-overs outside of them count as well.
            reworded = [(name, members) for name, group, members in tried if group and kind_of(group) == "near"]
            best = max(((_score(log, members, None), name) for name, members in reworded), default=(0.0, ""))
        if best[0] < parameters.min_fact_bits:
            break
        group, members = next((group, members) for name, group, members in tried if name == best[1])
        steps = [Step(rule, group, members, best[0])]
        pools = parts_of(log, members, parameters)
        if len(pools) > 1:
            members = max(pools, key=lambda accounts: (_total(log, accounts), min(accounts)))
            steps.append(Step(Rule.PART, None, members, _total(log, members)))
        is_known_whole = len(pools) > 1 or (
            len(pools) == 1 and len(pools[0]) > parameters.half * len(members) and is_dense(log, pools[0], parameters)
        )
        steps += _grown(log, members, free, parameters, is_apart=is_known_whole)
        found.append(_candidate(log, f"candidate-{len(found) + 1}", steps, len(tried), parameters))
        free -= found[-1].accounts
    return found + _dealt_out(log, free, len(found), parameters)


def _sets(log: Log, free: Accounts, parameters: Parameters) -> list[tuple[str, str | None, Accounts]]:
    """Return the sets that compete: name, group (none if ties make the set) and accounts."""
    found: list[tuple[str, str | None, Accounts]] = [
        (f"ties-{number}", None, members)
        for number, members in enumerate(_tied_sets(log, free))
        if len(members) >= parameters.min_accounts
    ]
    for group, loads in log.loads.items():
        present = free.intersection(loads)
        models = tied(log, present, present)
        if len(models) >= parameters.min_accounts:
            members = present if kind_of(group) == "cluster" else _alike(log, group, models, free, parameters)
            if len(members) >= parameters.min_accounts:
                found.append((group, group, members))
    return found


def _tied_sets(log: Log, free: Accounts) -> list[Accounts]:
    """Return the sets that ties connect, without accounts at their rim that a single tie holds."""
    inside = free.intersection(log.ties_of)
    while True:
        rim = {
            account
            for account in inside
            if len({(tie.work, *tie.ends) for tie in log.ties_of[account] if inside.issuperset(tie.ends)}) < 2
        }
        if not rim:
            break
        inside -= rim
    return connected({tie.ends for account in inside for tie in log.ties_of[account] if inside.issuperset(tie.ends)})


def _alike(log: Log, group: str, models: Accounts, free: Accounts, parameters: Parameters) -> Accounts:
    """Return the free accounts that use a group's template as the models do: as often, and as large a part of their own traffic."""
    loads = log.loads[group]
    known = [account for account in models if account in loads]
    if not known:
        return frozenset()
    load = median(loads[account][0] for account in known)
    share = median(loads[account][0] / log.accounts[account].n_exchanges for account in known)
    # Prompts are matched to a reworded frame by likeness, so that somebody's few calls come near it by chance.
    floor = parameters.min_reworded_load if kind_of(group) == "near" else parameters.min_fact_share
    return frozenset(
        account
        for account in free.intersection(loads)
        if loads[account][0] >= max(min(parameters.min_fact_calls, load), floor * load)
        and loads[account][0] / log.accounts[account].n_exchanges >= parameters.half * share
    )


def _score(log: Log, members: Accounts, group: str | None) -> float:
    """Return the weight by which sets compete; identities that made a cluster count half, since it was chosen for them."""
    found = weigh(log, members)
    if group is not None and kind_of(group) != "cluster":
        found["handover"] = _weigh_in_group(log, members, group)
    ties = sum(found[kind].bits for kind in TIES)
    identities = sum(found[kind].bits for kind in IDENTITIES)
    if not ties:
        return 0.0
    return ties + identities * (0.5 if group and kind_of(group) == "cluster" else 1)


def _weigh_in_group(log: Log, members: Accounts, group: str) -> Weight:
    """Return the weight of the hand-overs among the exchanges that carry a template."""
    inside = ties_inside(log, members)
    carried = {
        tie.work
        for tie in inside
        if tie.kind == "handover" and group in log.groups_of_calls.get(tie.record_id, frozenset())
    }
    n_failed = max(len(carried), sum(log.loads[group][account][1] for account in members))
    return Weight(weights.of_share(len(carried), n_failed, RATES["handover"]), len(carried), n_failed)


def _grown(log: Log, members: Accounts, free: Accounts, parameters: Parameters, *, is_apart: bool) -> list[Step]:
    """Return the steps from a set to one with the accounts that send what it sends, as long as the evidence grows with them.

    The rest of a group comes in whole if it shows as much as the set does; else only accounts that show something themselves. Of a pool
    that is known to stand apart from others of its kind only accounts that are tied to it come in.
    """
    steps: list[Step] = []
    while True:
        best, more, grown_by = parameters.min_growth_bits, Accounts(), ""
        total = _total(log, members)
        for group, n_common in sorted(
            Counter(g for account in members for g in log.groups_of.get(account, ())).items()
        ):
            if n_common < parameters.min_common_share * len(members):
                continue
            others = _alike(log, group, members, free, parameters) - members
            if others and is_apart:
                others = _shown_beside(log, others, members)
            elif others and not _shows_as_much(log, others, members & log.loads[group].keys(), members, parameters):
                others = shown(log, others, members | others)
            gain = _total(log, members | others) - total if others else 0.0
            if gain > best:
                best, more, grown_by = gain, others, group
        if not more:
            break
        members |= more
        steps.append(Step(Rule.GROWTH, grown_by, members, _total(log, members)))
    for rule in (Rule.SENDERS, Rule.CARRIERS):
        after = (
            _with_senders(log, members, free, parameters)
            if rule is Rule.SENDERS
            else _carrying(log, members, parameters)
        )
        if after != members:
            members = after
            steps.append(Step(rule, None, members, _total(log, members)))
    return steps


def _shows_as_much(log: Log, others: Accounts, own: Accounts, members: Accounts, parameters: Parameters) -> bool:
    """Tell whether accounts show ties and identities nearly as often as a set's own accounts do, or hand over as many of their failed calls."""
    ends = [tie.ends for tie in ties_inside(log, members | others) if others.intersection(tie.ends)]
    if len(ends) >= parameters.min_accounts and all(others.issuperset(pair) for pair in ends):
        return False  # they hand over to each other and never to the set
    n_shown, n_own = len(shown(log, others, members | others)), len(shown(log, own, members))
    if n_own and n_shown * len(own) >= parameters.half * n_own * len(others):
        return True
    theirs, ours = (_handed_over(log, accounts, members | others) for accounts in (others, own))
    return theirs[0] > 1 and theirs[0] * ours[1] >= parameters.half * ours[0] * theirs[1]


def _with_senders(log: Log, members: Accounts, free: Accounts, parameters: Parameters) -> Accounts:
    """Return a set with those who send its texts as its accounts do, if most who send them are in the set and nothing tells the others from them.

    What tells strangers is what became of their failed calls: nobody else sends them.
    """
    groups = texts_of(log, members)
    mostly_own = {
        group for group in groups if 2 * _load(log, group, members) >= _load(log, group, log.loads[group].keys())
    }
    found = members
    for kind, loads in _texts(log, mostly_own):
        others = _without_other_sets(log, _senders(log, kind, loads, members, free, parameters) - members, members)
        moved, failed = _handed_over(log, others, members | others)
        known_moved, known_failed = _handed_over(log, members & loads.keys(), members)
        rate = min(0.9, known_moved / known_failed) if known_failed else 0.0
        if others and rate > RATES["handover"] and weights.between_rates(moved, failed, rate, RATES["handover"]) > -1:
            found |= others
    for kind, loads in _texts(log, {group for group in groups if kind_of(group) == "near"}):
        others = _senders(log, kind, loads, members, free, parameters) - found
        quiet = frozenset(account for account in others if not log.ties_of.get(account))
        if quiet and _is_scattered(log, members, loads, quiet, parameters):
            found |= quiet
    return found


def _without_other_sets(log: Log, accounts: Accounts, members: Accounts) -> Accounts:
    """Return the accounts without those that hand their calls to others and never to a set or from it: a set of their own, with the same text."""
    return frozenset(
        account
        for account in accounts
        if not log.ties_of.get(account) or any(members.intersection(tie.ends) for tie in log.ties_of[account])
    )


def _is_scattered(
    log: Log, members: Accounts, loads: Mapping[str, int], quiet: Accounts, parameters: Parameters
) -> bool:
    """Tell whether the hand-overs of a set leave as many of all who send a text without one as they would if each sender could have one.

    Few hand-overs touch few accounts of a large pool, so that the others look like strangers whose failed calls go nowhere.
    """
    if weigh(log, members | quiet)["handover"].bits < parameters.min_fact_bits:
        return False
    inside = ties_inside(log, members)
    senders = sorted((members & loads.keys()) | quiet)
    touched = {account for tie in inside for account in tie.ends} & loads.keys()
    n_ends = 2 * len({tie.work for tie in inside})
    total = sum(loads[account] for account in senders)
    chances = [1 - (1 - loads[account] / total) ** n_ends for account in senders]
    spread = math.sqrt(sum(chance * (1 - chance) for chance in chances))
    return len(touched) >= sum(chances) - 2 * spread


def _load(log: Log, group: str, accounts: Iterable[str]) -> int:
    """Return the exchanges of some accounts in a group."""
    return sum(log.loads[group][account][0] for account in accounts if account in log.loads[group])


def _texts(log: Log, groups: Iterable[str]) -> list[tuple[str, Counter[str]]]:
    """Return kind and account to exchanges of every text; the wordings of a system prompt are one text, since an account sends one at a time."""
    wordings: Counter[str] = Counter()
    found = []
    for group in sorted(groups):
        loads = Counter({account: n for account, (n, _) in log.loads[group].items()})
        if kind_of(group) == "system":
            wordings += loads
        elif kind_of(group) in text_kinds():
            found.append((kind_of(group), loads))
    return [*found, ("system", wordings)] if wordings else found


def _senders(
    log: Log, kind: str, loads: Mapping[str, int], models: Accounts, among: Accounts, parameters: Parameters
) -> Accounts:
    """Return the accounts that send a text as often as the models do, if it is a good part of what the models send; else none."""
    shares = {account: n / log.accounts[account].n_exchanges for account, n in loads.items()}
    known = sorted(models & loads.keys())
    share = median(shares[account] for account in known) if known else 0.0
    if share < parameters.min_text_share:
        return frozenset()
    load = median(loads[account] for account in known)
    floor = parameters.min_reworded_load if kind == "near" else 0.0
    least = max(min(parameters.min_fact_calls, load), floor * load)
    return frozenset(a for a, n in loads.items() if a in among and n >= least and shares[a] >= parameters.half * share)


def _handed_over(log: Log, accounts: Accounts, within: Accounts) -> tuple[int, int]:
    """Return the failed calls of some accounts that go on at another one of a set, and all of their failed calls."""
    works = {
        tie.work
        for account in accounts
        for tie in log.ties_of.get(account, ())
        if tie.kind == "handover" and tie.account_id == account and tie.other_account_id in within
    }
    return len(works), sum(log.accounts[account].n_failed for account in accounts)


def _carrying(log: Log, members: Accounts, parameters: Parameters) -> Accounts:
    """Return the members whose own calls carry the facts.

    Where most of those that work ties send a text of their own, these are they and all who send it; else all who hang together by ties of
    work or by two kinds of identity.
    """
    by_work = tied(log, members, members)
    sending = Accounts()
    for kind, loads in _texts(log, groups_within(log, members, parameters)):
        senders = _senders(log, kind, loads, by_work or members, members, parameters)
        if kind == "near":
            senders &= by_work | _as_near(log, loads, senders, by_work or members, parameters)
        sending |= senders
    if by_work and len(by_work & sending) >= parameters.half * len(by_work):
        return by_work | sending
    pairs = _doubly_alike(log, members) | {tie.ends for tie in ties_inside(log, members)}
    return max(connected(pairs), key=len, default=frozenset()) | by_work | sending


def _as_near(
    log: Log, loads: Mapping[str, int], senders: Accounts, models: Accounts, parameters: Parameters
) -> Accounts:
    """Return the senders of a reworded text with nearly as much of their calls near it as the models have; somebody may come near it now and then."""
    shares = {account: loads[account] / log.accounts[account].n_exchanges for account in loads}
    own = median(shares[account] for account in models & loads.keys()) if models & loads.keys() else 0.0
    return frozenset(account for account in senders if shares[account] >= parameters.most * own)


def _total(log: Log, members: Accounts) -> float:
    return sum(weight.bits for weight in weigh(log, members).values())


def tied(log: Log, accounts: Accounts, members: Accounts) -> Accounts:
    """Return which of some accounts work ties to others of a set."""
    return frozenset(
        account for account in accounts if any(members.issuperset(tie.ends) for tie in log.ties_of.get(account, ()))
    )


def shown(log: Log, accounts: Accounts, members: Accounts) -> Accounts:
    """Return which of some accounts of a set are tied to others of it by work, or share two kinds of identity with one and the same."""
    return tied(log, accounts, members) | accounts & frozenset().union(*_doubly_alike(log, members))


def _shown_beside(log: Log, accounts: Accounts, members: Accounts) -> Accounts:
    """Return which accounts would be shown if each of them alone came to a set that holds none of them."""
    holders: dict[tuple[str, str], list[str]] = {}
    for kind in TELLING_IDENTITIES:
        for member in members:
            for value in log.shared[kind].get(member, ()):
                holders.setdefault((kind, value), []).append(member)

    def is_shown(account: str) -> bool:
        if any(set(tie.ends) - {account} <= members for tie in log.ties_of.get(account, ())):
            return True
        n_kinds = Counter[str]()
        for kind in TELLING_IDENTITIES:
            values = log.shared[kind].get(account, ())
            n_kinds.update({member for value in values for member in holders.get((kind, value), ())})
        return any(n > 1 for n in n_kinds.values())

    return frozenset(filter(is_shown, accounts))


def _doubly_alike(log: Log, members: Accounts) -> set[tuple[str, str]]:
    """Return the pairs of accounts of a set that share two kinds of telling identity: a payment method, ten minutes of sign-up, a network."""
    n_kinds: Counter[tuple[str, str]] = Counter()
    for kind in TELLING_IDENTITIES:
        holders: dict[str, list[str]] = {}
        for account in sorted(members):
            for value in log.shared[kind].get(account, ()):
                holders.setdefault(value, []).append(account)
        n_kinds.update({pair for accounts in holders.values() for pair in combinations(accounts, 2)})
    return {pair for pair, n in n_kinds.items() if n > 1}


def _dealt_out(log: Log, free: Accounts, n_found: int, parameters: Parameters) -> list[Candidate]:
    """Return the groups that no work ties: calls in turn, one stream of calls with a text of its own, or two kinds of shared identity.

    Who hands nothing over and serves its accounts unevenly still pays for them, opens them or reaches them together. Of a group that shows
    no scheduler only those are looked at who share two kinds of identity with one and the same other account; they come last.
    """
    scheduled, opened = [], []
    heavy: dict[str, float] = {}
    for group, loads in log.loads.items():
        fired = {row.heuristic_id for row in log.fired(group)}
        present = free.intersection(loads)
        if len(present) < max(parameters.min_accounts, parameters.most * len(loads)):
            continue
        bits = [weigh_identity(log, kind, present).bits for kind in TELLING_IDENTITIES]
        n_identities = sum(found >= parameters.min_fact_bits for found in bits)
        heavy[group] = sum(bits)
        is_dealt = "coordination.rotation" in fired or (_is_exact(group) and "coordination.single_stream" in fired)
        if is_dealt or (fired.intersection(SCHEDULING) and n_identities > 1):
            scheduled.append(group)
        elif n_identities > 1:
            opened.append(group)
    found: list[Candidate] = []
    order = _by_weight(log, heavy)
    for group in [*sorted(scheduled, key=order), *sorted(opened, key=order)]:
        loads = log.loads[group]
        present = free.intersection(loads)
        # Without a text of their own the users of a program are many; those that hang together by identity are looked at by themselves. So are
        # those near a reworded text, which strangers come near by chance.
        is_whole = group in scheduled and _is_exact(group)
        if is_whole:
            floor = parameters.min_fact_share * median(loads[account][0] for account in present) if present else 0.0
            present = frozenset(account for account in present if loads[account][0] >= floor)
        least = max(parameters.min_accounts, parameters.min_fact_share * len(loads))
        alike = [] if is_whole else [some for some in connected(_doubly_alike(log, present)) if len(some) >= least]
        rest = present.difference(*alike)
        # What others left of a group is not what its scheduler serves.
        is_left = group in scheduled and len(rest) >= parameters.half * len(loads)
        for members in [*alike, *([rest] if is_left else [])]:
            if len(members) >= least:
                rule = Rule.TURNS if group in scheduled else Rule.IDENTITIES
                steps = [Step(rule, group, members, _total(log, members))]
                name = f"candidate-{n_found + len(found) + 1}"
                found.append(_candidate(log, name, steps, len(log.loads), parameters))
                free -= members
    return found


def _is_exact(group: str) -> bool:
    """Tell whether a group sends a text as it is."""
    return kind_of(group) in text_kinds() and kind_of(group) != "near"


def _by_weight(log: Log, heavy: Mapping[str, float]) -> Callable[[str], tuple[bool, bool, float, int, str]]:
    """Return the order in which groups are looked at: texts first, those that are sent as they are before reworded ones, then the heaviest.

    What a pool and strangers send is a larger group than what the pool alone sends, and weighs less.
    """
    return lambda name: (
        kind_of(name) not in text_kinds(), kind_of(name) == "near", -round(heavy[name], 6), -len(log.loads[name]), name,
    )  # fmt: skip


def _candidate(log: Log, candidate_id: str, steps: list[Step], n_tried: int, parameters: Parameters) -> Candidate:
    members = steps[-1].accounts
    groups = groups_within(log, members, parameters)
    covering = [
        group
        for group in groups
        if kind_of(group) != "cluster" and len(members & log.loads[group].keys()) >= parameters.half * len(members)
    ]
    texts = [group for group in covering if kind_of(group) in text_kinds()]
    return Candidate(candidate_id, members, groups, tuple(texts or covering), n_tried, tuple(steps))


def groups_within(log: Log, members: Accounts, parameters: Parameters) -> tuple[str, ...]:
    """Return the groups whose exchanges and regular accounts are the members' almost without exception, sorted."""
    found = []
    for group in {group for account in members for group in log.groups_of.get(account, ())}:
        loads = log.loads[group]
        least = parameters.min_reworded_load if kind_of(group) == "near" else parameters.min_fact_share
        floor = least * median(loads[account][0] for account in members & loads.keys())
        regular = {account for account, (n, _) in loads.items() if n >= floor}
        inside = sum(loads[account][0] for account in members if account in loads)
        if len(regular & members) >= parameters.most * len(regular) and inside >= parameters.most * sum(
            n for n, _ in loads.values()
        ):
            found.append(group)
    return tuple(sorted(found))
