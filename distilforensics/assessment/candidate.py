"""What a candidate is: accounts that are examined as one campaign, and the steps by which they were found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distilforensics.assessment.tie_weights import Accounts


class Rule(StrEnum):
    """By what a step chose accounts."""

    HEAVIEST = "heaviest"
    """Of all sets that compete, ties and identities weigh most in it."""
    REWORDED = "reworded"
    """The same among the senders of reworded texts, where hand-overs outside of the text count as well."""
    TURNS = "in turn"
    """Accounts that no work ties: a scheduler deals calls out to them."""
    IDENTITIES = "identities"
    """Accounts that no work ties: they share two kinds of identity."""
    PART = "part"
    """The heaviest part of a set whose parts never hand over to each other."""
    GROWTH = "growth"
    """Accounts that send what the set sends come in, since the weight grows with them."""
    SENDERS = "senders"
    """Who sends the same text in the same way comes in, and nothing tells them from the others."""
    CARRIERS = "carriers"
    """Who has no tie, shares no two kinds of identity with another and sends no text of the set falls out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to the accounts of a candidate."""

    rule: Rule
    group: str | None
    """Group whose accounts it is about; none where ties make the set."""
    accounts: Accounts
    """The set after the step."""
    bits: float
    """By a first step: the weight by which it won. Else all that ties and identities weigh in the set after the step."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Accounts that are examined as one campaign."""

    candidate_id: str
    accounts: Accounts
    groups: tuple[str, ...]
    """Groups whose exchanges are the accounts' almost without exception, sorted."""
    templates: tuple[str, ...]
    """Of these, the texts (else the other templates) that most of the accounts send: they define the candidate's own exchanges."""
    n_tried: int
    """Sets of accounts that were weighed before it was found."""
    steps: tuple[Step, ...] = ()
    """How its accounts were found, in order."""
