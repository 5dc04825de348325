"""What a set of accounts falls into: pools that a program, a network or a seller of accounts holds together, and that do not work together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from distilforensics.analysis.kinds import kind_of, text_kinds
from distilforensics.assessment.log import connected
from distilforensics.assessment.tie_weights import ties_inside

if TYPE_CHECKING:
    from distilforensics.assessment.log import Log
    from distilforensics.assessment.parameters import Parameters
    from distilforensics.assessment.tie_weights import Accounts


def parts_of(log: Log, members: Accounts, parameters: Parameters) -> list[Accounts]:
    """Return the parts of a set that only a program, a network or a seller of accounts holds together.

    A part never hands over to the others, and either hands over inside again and again or sends a text that the others do not. Parts that hand
    over too seldom to hang together, and send one text, are one part.
    """
    pairs = {(min(tie.ends), max(tie.ends)) for tie in ties_inside(log, members)}
    by_work = frozenset(account for pair in pairs for account in pair)
    parts = connected(pairs)
    found = [part for part in parts if len(part) >= parameters.min_accounts and is_dense(log, part, parameters)]
    sparse = _of_one_text(log, [part for part in parts if part not in found], parameters)
    for part in sparse:
        texts = _texts_of_its_own(log, part, by_work - part, parameters)
        if len(part) >= parameters.min_accounts and texts:
            exact = {group for group in texts if kind_of(group) != "near"}
            # Who hands nothing over is known by the text alone.
            found.append(part | {a for a in members - by_work if not exact.isdisjoint(log.groups_of.get(a, ()))})
    return found


def _of_one_text(log: Log, parts: list[Accounts], parameters: Parameters) -> list[Accounts]:
    """Return parts, those as one of which most accounts send the same text."""
    first = {f"account {min(part)}": part for part in parts}
    pairs = {
        (name, group)
        for name, part in first.items()
        for group, n in texts_of(log, part).items()
        if n >= parameters.half * len(part)
    }
    together = connected({*pairs, *((name, name) for name in first)})
    return [frozenset().union(*(first[name] for name in names if name in first)) for names in together]


def texts_of(log: Log, accounts: Accounts) -> Counter[str]:
    """Return the texts that some accounts send, and how many of them do."""
    return Counter(
        group for account in accounts for group in log.groups_of.get(account, ()) if kind_of(group) in text_kinds()
    )


def is_dense(log: Log, part: Accounts, parameters: Parameters) -> bool:
    """Tell whether the accounts of a part hand over to so many others that any account of their pool would be among them."""
    pairs = {(min(tie.ends), max(tie.ends)) for tie in ties_inside(log, part)}
    return 2 * len(pairs) >= parameters.min_partners * len(part)


def _texts_of_its_own(log: Log, part: Accounts, others: Accounts, parameters: Parameters) -> list[str]:
    """Return the texts that most of a part send, and hardly any of the others."""
    return [
        group
        for group, n in texts_of(log, part).items()
        if n >= parameters.half * len(part)
        and len(others & log.loads[group].keys()) <= parameters.min_fact_share * len(others)
    ]
