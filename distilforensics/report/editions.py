"""The main document and its editions: in full, for disclosure to others, and as a letter of two pages."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from distilforensics.report.render import page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from distilforensics.report.annexes import Annex, Annexes
    from distilforensics.report.figures import Figure
    from distilforensics.report.language import Language
    from distilforensics.report.result import Result

FEW_CUSTOMERS = "operator.few_customers"
"""The explanation that stays open if the log names no customers."""


def disclosed(result: Result, key: str, annexes: Annexes) -> Result:
    """Return the result with pseudonyms in place of accounts, and write which account each one stands for."""
    campaigns = [replace(c, names=pseudonyms(c.names, key)) for c in result.campaigns[:1]]
    rows = [{"pseudonym": name, "account_id": account} for c in campaigns for account, name in sorted(c.names.items())]
    annexes.csv("pseudonyms.csv", "which account a pseudonym of the edition for disclosure stands for", rows)
    return replace(result, campaigns=campaigns)


def disclosed_findings(result: Result) -> dict[str, Any]:
    """Return what the edition for disclosure says as JSON-ready data: numbers, titles and outcomes, no identifier, no setting."""
    return {
        "program": {"name": "distilforensics", "version": result.header["version"]},
        "seals": {key: result.seals[key] for key in ("evidence", "tables", "method")},
        "log": {
            key: result.log.totals[key] for key in ("n_requests", "n_accounts", "n_files", "first_seen", "last_seen")
        },
        "n_campaigns": result.totals["n_campaigns"],
        "campaigns": [
            {
                "campaign_id": campaign.campaign_id,
                "grade": campaign.row["grade"],
                "n_accounts": campaign.answer["n_accounts"],
                "n_requests": campaign.answer["n_requests"],
                "output_tokens": campaign.answer["output_tokens"],
                "first_seen": campaign.answer["first_seen"],
                "last_seen": campaign.answer["last_seen"],
                "facts": [
                    {
                        "title": fact.title,
                        "kind": fact.row["kind"],
                        "is_counted": fact.row["is_counted"],
                        "excludes": fact.row["excludes"],
                    }
                    for fact in campaign.facts
                ],
                "explanations": [{"title": x.title, "outcome": x.outcome, "ask": x.ask} for x in campaign.explanations],
            }
            for campaign in result.campaigns
        ],
    }


def pseudonyms(accounts: Iterable[str], key: str) -> dict[str, str]:
    """Return account id -> pseudonym: the beginning of a keyed hash, as long as needed to tell these accounts apart."""
    digests = {
        account: hmac.new(key.encode(), account.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()
        for account in accounts
    }
    length = next(n for n in range(6, 65) if n == 64 or len({d[:n] for d in digests.values()}) == len(digests))
    return {account: f"P-{digest[:length]}" for account, digest in digests.items()}


def main_page(
    result: Result,
    drawn: Mapping[str, Mapping[str, Figure]],
    annexes: Sequence[Annex],
    seal: str,
    edition: str,
    language: Language,
) -> bytes:
    """Return the main document in one of its editions.

    Args:
        result: What the report says.
        drawn: Campaign id to its figures.
        annexes: Files that the page lists.
        seal: Hash of the list of all annexes.
        edition: full, disclosure or letter.
        language: The language of everything but quotations.
    """
    result = replace(result, seals={**result.seals, "annexes": seal})
    log, t, header = result.log, result.log.totals, result.header
    campaign = result.campaigns[0] if result.campaigns else None
    # That accounts collect answers is said where something says it; a service that passes its customers' calls on receives answers as well.
    is_about_answers = (
        log.has_text
        and bool(result.campaigns)
        and all(
            c.answer["output_tokens"] is not None and (c.fact("purpose") or c.fact("attested"))
            for c in result.campaigns
        )
    )
    head = [
        f"{language.text('Case')} {header['number']}" if header["number"] else language.text(header["title"]),
        header["organization"],
        header["examiner"],
        header["confidentiality"],
    ]
    listed = [(a.path, a.title) for a in annexes if a.path.endswith(".html")]
    reach = [row for row in result.power if not row["is_careful"] and not row["diluted_percent"]]
    return page(
        "report.html.j2", language, edition=edition, r=result, is_about_answers=is_about_answers, running=". ".join(part for part in head if part),
        figures=drawn[campaign.campaign_id] if campaign else {},
        open=[x for x in campaign.explanations if x.outcome in ("fits", "cannot tell")] if campaign else [],
        is_without_customers=any(x.outcome == "cannot tell" for g in result.explained for x in g.explanations if x.explanation_id == FEW_CUSTOMERS),
        missing=[row["name"] for row in log.columns if not row["n_filled"] and not (log.has_text and row["name"] == "prompt hash")],
        balanced=(t["n_kept"], t["n_quarantined"], t["n_duplicate"]) == (t["n_kept_rows"], t["n_quarantined_rows"], t["n_duplicate_rows"]),
        strongest_power=next((row for row in reach if row["found_from"] is not None), reach[0] if reach else None),
        annexes=listed, t=t, log=log,
    )  # fmt: skip
