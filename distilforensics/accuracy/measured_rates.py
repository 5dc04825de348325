"""Measured rates of a labelled case: the file that `evaluate --save` writes and that the assessment of another case takes in.

It holds counts and no names. Accounts of one campaign are accused or missed together, and innocent accounts are accused in groups, so the
number of accounts is no number of trials: bounds are computed over blocks, one known campaign or one group of innocents each.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from distilforensics.accuracy.proportion import Proportion
from distilforensics.core.errors import UsageError
from distilforensics.core.finding import Grade
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KIND = "distilforensics measured rates"
FORMAT_VERSION = 1

_LISTS = ("sources", "not_evaluated")

OUTCOMES = (Grade.STRONG, Grade.MODERATE, Grade.WEAK, Grade.INCONCLUSIVE)
"""What an account can end as; inconclusive stands for every account that is in no campaign."""

MIN_BLOCK = 20
"""Accounts that are taken as one trial at least: innocents are accused in groups, and a group that heuristics judge has twenty."""


@dataclass(frozen=True, slots=True)
class MeasuredRates:
    """Counts of one labelled case."""

    about: str
    """What the examiner says of the log and of where its labels come from."""
    program: str
    method_sha256: str
    """Hash of what decides a grade; rates of another method say nothing of this one."""
    findings_sha256: str
    labels_sha256: str
    sources: tuple[str, ...]
    """SHA-256 of the log files, so that no log is judged by rates of its own."""
    not_evaluated: tuple[str, ...]
    """Heuristics for which the labelled log lacks columns."""
    campaign_accounts: Mapping[str, int]
    """Accounts of known campaigns by the grade that they got."""
    innocent_accounts: Mapping[str, int]
    """Innocent accounts by the grade that they got."""
    n_known_campaigns: int
    n_examined_groups: int
    """Groups that were examined and not reported."""
    n_examined_accounts: int
    """Accounts in these groups."""

    def as_json(self) -> dict[str, Any]:
        """Return what the file holds."""
        return {"kind": KIND, "format_version": FORMAT_VERSION, **asdict(self)}


def read_rates(text: str, where: str) -> MeasuredRates:
    """Return the rates in the text of a file.

    Raises:
        UsageError: it is no such file, or of another format.
    """
    hint = "make it with: distilforensics evaluate CASE --labels FILE --save FILE --about TEXT"
    try:
        content = json.loads(text)
    except ValueError as e:
        raise UsageError("is not JSON", where=where, hint=hint) from e
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise UsageError("holds no measured rates", where=where, hint=hint)
    if content.get("format_version") != FORMAT_VERSION:
        raise UsageError(
            f"format_version is {shown(content.get('format_version'))}, this version reads {FORMAT_VERSION}",
            where=where,
            hint=hint,
        )
    for field in fields(MeasuredRates):
        if not _fits(field.name, content.get(field.name)):
            raise UsageError(
                f"{field.name} is {shown(content.get(field.name))}, expected {_expected(field.name)}",
                where=where,
                hint=hint,
            )
    values = {field.name: content[field.name] for field in fields(MeasuredRates)}
    return MeasuredRates(**values | {name: tuple(content[name]) for name in _LISTS})


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _fits(name: str, value: object) -> bool:
    if name.startswith("n_"):
        return _is_count(value)
    if name.endswith("_accounts"):
        return isinstance(value, dict) and set(value) == set(OUTCOMES) and all(map(_is_count, value.values()))
    if name in _LISTS:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return isinstance(value, str)


def _expected(name: str) -> str:
    if name.startswith("n_"):
        return "a count"
    if name.endswith("_accounts"):
        return f"a count for each of {', '.join(OUTCOMES)}"
    return "a list of texts" if name in _LISTS else "a text"


def rules_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides a grade, of the parameters that the assessment noted: all but the labelled logs that it was given."""
    return {name: value for name, value in parameters.items() if name != "calibration"}


def method_sha256(program: str, heuristics: Iterable[Mapping[str, Any]], code: str, rules: Mapping[str, Any]) -> str:
    """Return a hash of everything that decides a grade.

    Args:
        program: Version of the program.
        heuristics: Rows of `heuristic_states`.
        code: Hash of the assessment's code.
        rules: Its rules and explanations.
    """
    method = {
        "program": program,
        "heuristics": [[row[key] for key in ("heuristic_id", "version", "sha256", "parameters")] for row in heuristics],
        "code": code,
        "rules": dict(rules),
    }
    return hashlib.sha256(json.dumps(method, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Blocks:
    """A share of accounts with the number of independent trials behind it."""

    accounts: Proportion
    blocks: Proportion
    """Blocks in place of accounts; the bounds are theirs."""


@dataclass(frozen=True, slots=True)
class PooledRates:
    """The counts of several labelled cases together."""

    campaign_accounts: Mapping[str, int]
    innocent_accounts: Mapping[str, int]
    n_known_campaigns: int
    block_accounts: int
    """Innocent accounts per block."""

    def found(self, grades: Iterable[str]) -> Blocks:
        """Return the share of campaign accounts that got one of the grades; whole campaigns are the trials, rounded down."""
        total = sum(self.campaign_accounts.values())
        part = sum(self.campaign_accounts[grade] for grade in grades)
        n_blocks = part * self.n_known_campaigns // total if total else 0
        return Blocks(Proportion(part, total), Proportion(n_blocks, self.n_known_campaigns if total else 0))

    def accused(self, grades: Iterable[str]) -> Blocks:
        """Return the share of innocent accounts that got one of the grades; groups of them are the trials, those accused rounded up."""
        total = sum(self.innocent_accounts.values())
        part = sum(self.innocent_accounts[grade] for grade in grades)
        n_blocks = total // self.block_accounts
        return Blocks(Proportion(part, total), Proportion(min(n_blocks, -(-part // self.block_accounts)), n_blocks))


def pool(rates: Iterable[MeasuredRates]) -> PooledRates:
    """Return the counts of all measurements together; a block of innocents is as large as the groups that were examined, at least 20."""
    found = list(rates)
    n_groups = sum(entry.n_examined_groups for entry in found)
    mean = -(-sum(entry.n_examined_accounts for entry in found) // n_groups) if n_groups else 0
    return PooledRates(
        campaign_accounts={grade.value: sum(entry.campaign_accounts[grade] for entry in found) for grade in OUTCOMES},
        innocent_accounts={grade.value: sum(entry.innocent_accounts[grade] for entry in found) for grade in OUTCOMES},
        n_known_campaigns=sum(entry.n_known_campaigns for entry in found),
        block_accounts=max(MIN_BLOCK, mean),
    )
