"""The rows of the tables in findings/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.analysis.kinds import kind_of
from distilforensics.assessment.examination import write_pairs
from distilforensics.assessment.facts import observation_statement
from distilforensics.assessment.operators import Outcome
from distilforensics.assessment.queries import rows_of
from distilforensics.core import units
from distilforensics.core.finding import Claim, Grade, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from distilforensics.assessment.candidate import Candidate
    from distilforensics.assessment.confounding import Check
    from distilforensics.assessment.examined import Examined
    from distilforensics.assessment.fact import Fact
    from distilforensics.assessment.log import Log, Observation
    from distilforensics.assessment.operators import Explanation

Row = dict[str, Any]

_OUTCOMES = {
    "rebutted": Outcome.EXCLUDED,
    "partly": Outcome.IN_PART,
    "applies": Outcome.FITS,
    "not_checkable": Outcome.CANNOT_TELL,
}


def campaign_row(campaign_id: str, examined: Examined, log: Log) -> Row:
    """Return the row of one campaign."""
    return {
        "campaign_id": campaign_id,
        "grade": examined.verdict.grade.value,
        "n_accounts": len(examined.members),
        "n_exchanges": examined.totals["n_exchanges"],
        "n_exchanges_members": _n_exchanges(examined, log),
        "input_tokens": examined.totals["input_tokens"],
        "output_tokens": examined.totals["output_tokens"],
        "n_distinct_prompts": examined.totals["n_distinct_prompts"],
        "first_seen": examined.totals["first_seen"],
        "last_seen": examined.totals["last_seen"],
        "facts": [fact.fact_id for fact in examined.facts if fact.is_counted],
        "heuristics": sorted({row.heuristic_id for row in _fired(log, examined)}),
        "templates": list(examined.candidate.templates),
        "clusters": _clusters(examined.candidate.groups),
        "grade_reason": examined.verdict.reason,
        "grade_without": [f"{name}: {grade.value}" for name, grade in examined.verdict.without.items()],
    }


def explained_row(group_id: str, examined: Examined, log: Log) -> Row:
    """Return the row of a candidate that is not reported as a campaign, with the reason."""
    statements = [e.statement for e in examined.operators if e.caps]
    return {
        "group_id": group_id,
        "n_accounts": len(examined.members),
        "n_exchanges": examined.totals["n_exchanges"],
        "explanation": ", ".join(examined.explanations) or "operator.unknown",
        "statement": " ".join(
            [f"{examined.verdict.grade.value.capitalize()}: {examined.verdict.reason}.", *statements]
        ),
        "heuristics": sorted({row.heuristic_id for row in _fired(log, examined)}),
        "templates": list(examined.candidate.templates),
        "clusters": _clusters(examined.candidate.groups),
    }


def step_rows(candidates: Iterable[Candidate], examined: Mapping[str, Examined]) -> list[Row]:
    """Return the rows of the steps by which the accounts of all candidates were found, in the order in which they were."""
    names = {e.candidate.candidate_id: name for name, e in examined.items()}
    rows = []
    for place, candidate in enumerate(candidates, start=1):
        before: frozenset[str] = frozenset()
        for number, step in enumerate(candidate.steps, start=1):
            rows.append(
                {
                    "candidate": place,
                    "campaign_id": names.get(candidate.candidate_id),
                    "step": number,
                    "rule": step.rule.value,
                    "group_id": step.group,
                    "n_tried": candidate.n_tried,
                    "n_accounts": len(step.accounts),
                    "bits": round(step.bits, 6),
                    "added": sorted(step.accounts - before),
                    "removed": sorted(before - step.accounts),
                }
            )
            before = step.accounts
    return rows


def fact_rows(campaign_id: str, facts: Iterable[Fact]) -> list[Row]:
    """Return the rows of the facts of a campaign or an examined group, in their order."""
    return [
        {
            "campaign_id": campaign_id,
            "fact_id": fact.fact_id,
            "place": place,
            "title": fact.title,
            "kind": fact.kind.value,
            "statement": fact.statement,
            "weight": round(fact.bits, 3),
            "value": fact.count,
            "of": fact.of,
            "comparison": round(fact.comparison, 6) if fact.comparison is not None else None,
            "n_accounts": fact.n_accounts,
            "excludes": fact.excludes,
            "is_counted": fact.is_counted,
            "is_telling": fact.is_telling,
            "n_apart": fact.n_apart,
            "n_quick": fact.n_quick,
            "n_unforced": fact.n_unforced,
            "is_of_one_day": fact.is_of_one_day,
            "is_beyond_payers": fact.is_beyond_payers,
            "record_ids": list(fact.record_ids),
        }
        for place, fact in enumerate(facts, start=1)
    ]


def explanation_rows(campaign_id: str, operators: Iterable[Explanation], checks: Iterable[Check]) -> list[Row]:
    """Return the rows of the innocent explanations: those that cap the grade, then the others."""
    rows: list[Row] = [
        {
            "explanation_id": e.explanation_id,
            "title": e.title,
            "outcome": e.outcome.value,
            "statement": e.statement,
            "ask": e.ask,
            "is_capping": e.caps,
        }
        for e in operators
    ]
    rows += [
        {
            "explanation_id": check.confounder_id,
            "title": check.title,
            "outcome": _OUTCOMES[check.verdict].value,
            "statement": check.statement,
            "ask": None,
            "is_capping": False,
        }
        for check in checks
    ]
    return [{"campaign_id": campaign_id, "place": place} | row for place, row in enumerate(rows, start=1)]


def evidence_rows(campaign_id: str, examined: Examined, log: Log) -> list[Row]:
    """Return all evidence of a campaign or examined group as sentences, for, against and neutral."""
    rows = [
        _evidence(
            campaign_id,
            "for" if fact.is_counted else "neutral",
            Claim.COMPUTED,
            f"fact.{fact.fact_id}",
            f"{fact.title}. {fact.statement}",
            value=fact.count,
            baseline=fact.comparison,
            n_accounts=fact.n_accounts,
            record_ids=list(fact.record_ids),
        )
        for fact in examined.facts
    ]
    for row in explanation_rows(campaign_id, examined.operators, examined.checks):
        is_known = row["outcome"] != Outcome.CANNOT_TELL
        rows.append(
            _evidence(
                campaign_id,
                "against" if row["outcome"] in {Outcome.FITS, Outcome.IN_PART} or row["is_capping"] else "neutral",
                Claim.INFERRED,
                row["explanation_id"],
                row["statement"],
                is_rebutted=row["outcome"] == Outcome.EXCLUDED if is_known else None,
            )
        )
    rows += _heuristics(campaign_id, examined, log)
    rows += _totals(campaign_id, examined, log)
    return sorted(rows, key=lambda row: (row["campaign_id"], row["side"], row["source"], row["entity_id"] or ""))


def _heuristics(campaign_id: str, examined: Examined, log: Log) -> list[Row]:
    """Return what fired on the groups of a candidate, each heuristic on most accounts, and what could not be judged; neither is counted."""
    shown: dict[str, Observation] = {}
    for found in _fired(log, examined):
        best = shown.get(found.heuristic_id)
        if best is None or (found.n_accounts, found.entity_id) > (best.n_accounts, best.entity_id):
            shown[found.heuristic_id] = found
    rows = [
        _evidence(
            campaign_id,
            "neutral",
            Claim.COMPUTED,
            found.heuristic_id,
            observation_statement(found, log),
            entity_id=found.entity_id,
            value=found.value,
            baseline=found.baseline,
            n_exchanges=found.n_exchanges,
            n_accounts=found.n_accounts,
        )
        for found in shown.values()
    ]
    return rows + [
        _evidence(
            campaign_id, "neutral", Claim.OBSERVED, name, f"{log.titles[name]}; this could not be judged: {reason}."
        )
        for name, (state, reason) in sorted(log.states.items())
        if state in {State.NOT_EVALUATED, State.INCONCLUSIVE}
    ]


def _totals(campaign_id: str, examined: Examined, log: Log) -> list[Row]:
    n_accounts, n_sent = len(examined.members), len(examined.n_own)
    n_exchanges, n_members = examined.totals["n_exchanges"], _n_exchanges(examined, log)
    n_log = sum(account.n_exchanges for account in log.accounts.values())
    first, last = (units.moment(examined.totals[key]) for key in ("first_seen", "last_seen"))
    size = (
        f"{units.count(n_sent)} accounts ({units.share(n_sent, len(log.accounts))} of the log) sent "
        f"{units.count(n_exchanges)} exchanges ({units.share(n_exchanges, n_log)} of the log) from {first} to {last}."
    )
    other = (
        f"All accounts of the group sent {units.count(n_members - n_exchanges)} exchanges "
        f"({units.share(n_members - n_exchanges, n_members)} of theirs) that do not carry its common templates."
    )
    return [
        _evidence(
            campaign_id, "neutral", Claim.OBSERVED, "facts.size", size, n_exchanges=n_exchanges, n_accounts=n_accounts
        ),
        _evidence(
            campaign_id,
            "against" if n_members > n_exchanges else "neutral",
            Claim.OBSERVED,
            "facts.other_traffic",
            other,
            n_exchanges=n_members - n_exchanges,
            n_accounts=n_accounts,
        ),
    ]


def _evidence(campaign_id: str, side: str, claim: Claim, source: str, statement: str, **fields: object) -> Row:
    return {
        "campaign_id": campaign_id,
        "side": side,
        "claim": claim.value,
        "source": source,
        "entity_id": None,
        "statement": statement,
        "record_ids": [],
    } | fields


def _fired(log: Log, examined: Examined) -> list[Observation]:
    return [row for group in examined.candidate.groups for row in log.fired(group)]


def _clusters(groups: Iterable[str]) -> list[str]:
    return sorted(group for group in groups if kind_of(group) == "cluster")


def _n_exchanges(examined: Examined, log: Log) -> int:
    return sum(log.accounts[account].n_exchanges for account in examined.members)


def account_rows(
    connection: duckdb.DuckDBPyConnection, campaigns: Mapping[str, Examined], others: Mapping[str, Examined], log: Log
) -> list[Row]:
    """Return one row per account of the log, in order of account id."""
    home = {account: name for name, e in campaigns.items() for account in e.members}
    listed = {account: name for name, e in others.items() for account in e.members}
    write_pairs(connection, "campaign_accounts", ("account_id", "campaign_id"), sorted(home.items()))
    links = {row["account_id"]: row for row in rows_of(connection, "links_within")}
    known = [*rows_of(connection, "accounts_with_profile"), *rows_of(connection, "accounts_without_profile")]
    rows = []
    for account in sorted(known, key=lambda row: str(row["account_id"])):
        name = account["account_id"]
        examined = campaigns[home[name]] if name in home else None
        link = links.get(name)
        grade = examined.verdict.grade.value if examined else None
        if name in listed:
            grade = others[listed[name]].verdict.grade.value
        rows.append(
            account
            | {
                "campaign_id": home.get(name),
                "grade": grade,
                "n_campaign_exchanges": examined.n_own.get(name, 0) if examined else None,
                "support": _support(name, examined, link["attributes"] if link else [], log) if examined else None,
                "link_weight": link["millibits"] / 1000 if link else None,
                "reason_not_in_campaign": f"{listed[name]}: {Grade.ONE_OPERATOR.value}" if name in listed else None,
            }
        )
    return rows


def _support(account: str, examined: Examined, attributes: Iterable[str], log: Log) -> list[str]:
    """Return what ties an account to its campaign: groups, kinds of work handed over, attributes of links."""
    groups = {group for group in examined.candidate.groups if account in log.loads[group]}
    ties = {f"tie:{tie.kind}" for tie in log.ties_of.get(account, ()) if examined.members.issuperset(tie.ends)}
    return sorted(groups | ties) + [f"link:{attribute}" for attribute in attributes]
