# ruff: noqa: RUF009 - `doc` is dataclasses.field with a help text
"""What the templates of the report may use: every value has a help text, and docs/report-context.md is made from them.

The dataclasses carry plain values as the queries return them; how a value is written is the business of `render`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from markupsafe import Markup


def doc(text: str) -> Any:  # noqa: ANN401 - like dataclasses.field
    """Return a dataclass field with a help text."""
    return field(metadata={"help": text})


@dataclass(frozen=True, slots=True)
class QueryText:
    """A query of the report: every number in the report comes from one of them."""

    name: str = doc("file name without .sql; printed below the tables and figures that use it")
    title: str = doc("what the query returns")
    reads: Sequence[str] = doc("tables of the case that it reads, by itself or through other queries")
    through: Sequence[str] = doc("queries of this report whose rows it reads")
    sha256: str = doc("hash of the query with white space normalised")
    sql: str = doc("the query as it was run")
    parameters: Sequence[Mapping[str, Any]] = doc("name, value, unit and why of each parameter")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table in the report."""

    key: str = doc("key in the rows")
    label: str = doc("heading, with its unit")
    kind: str = doc(
        "how values are written: text, ident, account, count, real, time, date, day, share, hash, support, words, prose or excerpt"
    )


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table as it is printed; with more rows than shown, `rule` says which ones and `exhibit` where the rest is."""

    anchor: str = doc("id in the HTML, unique in the report")
    caption: str = doc("what the table shows, plain text")
    query: QueryText = doc("the query that computed the rows")
    columns: Sequence[Column] = doc("columns in order")
    rows: Sequence[Mapping[str, Any]] = doc("rows shown")
    n_rows: int = doc("rows that the query returned")
    rule: str = doc("which rows are shown if not all; empty otherwise")
    exhibit: str = doc("path of the file with all rows below report/; empty if there is none")


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its description and the table it was drawn from."""

    anchor: str = doc("id in the HTML; prefix of all ids inside the drawing")
    caption: str = doc("what the figure shows")
    description: str = doc("what can be read from it, for readers who do not see it")
    svg: Markup = doc("inline SVG, already reduced to a list of permitted elements and attributes")
    data: DataTable = doc("the values drawn")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of text quoted from the log. Untrusted: it is shown escaped and fenced and is never a link."""

    part: str = doc("system prompt, prompt or response")
    text: str = doc(
        "the first characters with control and invisible characters written as escapes; empty if the log carries none"
    )
    n_shown: int = doc("characters shown")
    n_total: int = doc("characters in the record")
    state: str = doc("why there is no text, such as not_logged; empty if there is text")


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A record of the log cited as an exhibit."""

    anchor: str = doc("id in the HTML")
    label: str = doc("number of the exhibit, such as C-1/E3")
    record_id: str = doc("record id; `distilforensics cite` prints the raw bytes and hashes them again")
    path: str = doc("source file as given by the examiner")
    source_line: int | None = doc("line or row in the decompressed file")
    source_offset: int | None = doc("byte offset in the decompressed stream; none for Parquet")
    source_length: int | None = doc("bytes of the record; none for Parquet")
    raw_sha256: str = doc("SHA-256 of the raw record")
    shows: Sequence[str] = doc("template ids and heuristic ids for which the record was chosen")
    facts: Mapping[str, Any] = doc("account, time, model, status, tokens of the exchange")
    excerpts: Sequence[Excerpt] = doc("system prompt, prompt and response")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence as the assessment wrote it down."""

    side: str = doc("for, against or neutral")
    claim: str = doc("observed, computed, inferred or asserted")
    source: str = doc("heuristic id or confounder id")
    title: str = doc("title of the heuristic or the explanation in words")
    entity_id: str = doc("group or account that it is about")
    statement: str = doc("one sentence with its numbers")
    n_exchanges: int | None = doc("exchanges it rests on")
    n_accounts: int | None = doc("accounts it rests on")
    is_rebutted: bool | None = doc(
        "for benign explanations: true if it does not hold here, false if it holds at least in part, none if it could not be checked"
    )
    record_ids: Sequence[str] = doc("records that show it")

    @property
    def is_explanation(self) -> bool:
        """Whether it is the check of a benign explanation."""
        return self.source.startswith("confounder.")


@dataclass(frozen=True, slots=True)
class CaseHeader:
    """What the examiner states about the case, and what made the report."""

    number: str = doc("case number; empty if not stated")
    title: str = doc("title of the case")
    examiner: str = doc("examiner; empty if not stated")
    organization: str = doc("organisation; empty if not stated")
    h1: str = doc("first proposition")
    h2: str = doc("second proposition")
    display_time_zone: str = doc("zone in which the main times are shown beside UTC")
    version: str = doc("version of the program")
    schema_version: int = doc("version of the tables")


@dataclass(frozen=True, slots=True)
class Seals:
    """Hashes that bind the report to its evidence, tables and method; each can be computed again with the stated command."""

    evidence: str = doc("SHA-256 over the sorted SHA-256 of all log files, one per line")
    tables: str = doc("SHA-256 over the sorted hash lines of all tables that the report reads")
    method: str = doc("SHA-256 over code versions and parameters of all stages that ran before the report")
    stages: Sequence[Mapping[str, Any]] = doc("stage and code hash of each stage record")


@dataclass(frozen=True, slots=True)
class Totals:
    """Size of the examined log."""

    log: Mapping[str, Any] = doc("exchanges, accounts, tenants, models, tokens, first and last start, active days")
    balance: Mapping[str, Any] = doc("records read, kept, quarantined, repeated and out of scope over all log files")
    accounts: Mapping[str, Any] = doc("accounts by outcome")
    hours: Mapping[str, Any] = doc("hours of the window with and without exchanges")


@dataclass(frozen=True, slots=True)
class Campaign:
    """One candidate campaign with its evidence."""

    campaign_id: str = doc("id, C- and a number in order of strength")
    anchor: str = doc("id of the chapter in the HTML")
    grade: str = doc("strong, moderate or weak")
    grade_reason: str = doc("the rule that gave the grade, in words")
    facts: Mapping[str, Any] = doc("the row of the table campaigns")
    n_attached: int = doc("members that sent none of the campaign's exchanges and belong to it by ties alone")
    is_full: bool = doc("false for campaigns beyond the number of chapters printed in full")
    evidence: Sequence[Evidence] = doc("evidence for, against and neutral")
    timeline: Figure | None = doc("exchanges per day, campaign and rest of the log")
    heat: Figure | None = doc("exchanges by day and hour")
    load: Figure | None = doc("exchanges per account, members and all others")
    matrix: Figure | None = doc("match weights between members; none without links")
    spread: DataTable = doc("median, range and dispersion of the load")
    members: DataTable = doc("members with what ties them to the campaign")
    attributes: DataTable = doc("shared values that tie members")
    differences: DataTable = doc("known differences of linked members, and ties within one tenant")
    clusters: DataTable = doc("linkage clusters and how firmly they hold")
    links: Mapping[str, Any] = doc("number of links and of members with a link")
    templates: DataTable = doc("templates, used by members and by others")
    stability: DataTable = doc("firing when a tenth of the accounts is left out")
    exhibits: Sequence[Exhibit] = doc("records quoted")
    n_records_cited: int = doc(
        "records cited by the evidence and templates; more than exhibits if the chapter shows only some"
    )

    @property
    def supporting(self) -> list[Evidence]:
        """Evidence for the first proposition."""
        return [row for row in self.evidence if row.side == "for"]

    @property
    def opposing(self) -> list[Evidence]:
        """Evidence against it, benign explanations that hold at least in part included."""
        return [row for row in self.evidence if row.side == "against" and not (row.is_explanation and row.is_rebutted)]

    @property
    def neutral(self) -> list[Evidence]:
        """Evidence that fits both propositions."""
        return [row for row in self.evidence if row.side not in ("for", "against")]

    @property
    def explanations(self) -> list[Evidence]:
        """Benign explanations that were checked, whatever the outcome."""
        return [row for row in self.evidence if row.is_explanation]

    @property
    def standing(self) -> list[Evidence]:
        """Benign explanations that hold at least in part."""
        return [row for row in self.explanations if row.is_rebutted is False]

    @property
    def rebutted(self) -> list[Evidence]:
        """Benign explanations that do not hold here."""
        return [row for row in self.explanations if row.is_rebutted]

    @property
    def shown_supporting(self) -> list[Evidence]:
        """Evidence for the first proposition without the rebutted explanations, which have a table of their own."""
        return [row for row in self.supporting if not row.is_explanation]

    @property
    def unchecked(self) -> list[Evidence]:
        """Benign explanations that could not be checked on this log."""
        return [row for row in self.explanations if row.is_rebutted is None]


@dataclass(frozen=True, slots=True)
class ExplainedGroup:
    """A group that was examined and not reported as a campaign."""

    group_id: str = doc("id, X- and a number")
    n_accounts: int = doc("accounts")
    n_exchanges: int = doc("exchanges")
    explanation: str = doc("the benign explanation that stands, in words, or insufficient evidence")
    statement: str = doc("in plain words")
    heuristics: Sequence[str] = doc("titles of the heuristics that fired on it")
    evidence: Sequence[Evidence] = doc("what was weighed")


@dataclass(frozen=True, slots=True)
class Heuristic:
    """One heuristic of the catalogue with what it could say about this log."""

    heuristic_id: str = doc("id")
    anchor: str = doc("id in the HTML")
    code: str = doc("short code")
    title: str = doc("title")
    family: str = doc("structure, harvest, coordination, infrastructure or evasion")
    level: str = doc("lead (shown and never counted), low, medium, high or critical")
    version: int = doc("version")
    sha256: str = doc("hash of the query that ran")
    state: str = doc("fired, silent, not_evaluated or inconclusive")
    reason: str = doc("why it was not evaluated or is inconclusive; empty otherwise")
    evaluable_rows: int = doc("exchanges that carry every column it needs")
    total_rows: int = doc("exchanges")
    n_entities: int = doc("entities judged")
    n_fired: int = doc("entities on which it fired")
    description: str = doc("what it computes and why")
    value: str = doc("what its measure is")
    sees: str = doc("the smallest thing it would have seen")
    volume: str = doc("how much of the log it needs")
    needs: Sequence[str] = doc("columns it needs")
    falsepositives: Sequence[str] = doc("ordinary behaviour that looks the same")
    limitations: Sequence[str] = doc("what it cannot see")
    references: Sequence[str] = doc("where the behaviour is described")
    parameters: Sequence[Mapping[str, Any]] = doc("name, value used, unit and reason of each parameter")
    sql: str = doc("the query; empty if the installed file is not the one that ran")
    exhibit: str = doc("path of the query below report/; empty as above")
    fired: Sequence[Mapping[str, Any]] = doc("entities on which it fired, those with most exchanges first")


@dataclass(frozen=True, slots=True)
class Health:
    """What is missing, broken or doubtful in the log."""

    balance: DataTable = doc("records per source: read = kept + quarantined + repeated + out of scope")
    quarantine: DataTable = doc("records that could not be read, by reason with examples")
    duplicates: DataTable = doc("repeated records by class")
    out_of_scope: DataTable = doc("valid records that are no model exchanges")
    flags: DataTable = doc("repairs and doubts noted while reading")
    texts: DataTable = doc("how prompts and responses were logged")
    repeated_ids: DataTable = doc("identifiers that repeat")
    silence: DataTable = doc("longest periods without any exchange")
    days: Figure | None = doc("exchanges of the log per day; none for an empty log")
    fill: DataTable = doc("how many records carry each column, and which heuristics need it")
    refused: Sequence[Mapping[str, Any]] = doc("input files that were refused, with the reason")


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """What is known about how often the grades are wrong."""

    is_measured: bool = doc("whether error rates were measured for this log")
    reason: str = doc("why they were not measured; empty if they were")
    measured_on: Sequence[Mapping[str, Any]] = doc("what the examiner said of each labelled log, and its counts")
    not_used: Sequence[Mapping[str, Any]] = doc("measurements that were supplied and do not apply, with the reason")
    block_accounts: int | None = doc("innocent accounts that count as one trial; none without a measurement")
    calibration: Mapping[str, Any] = doc("the reference population and the sizes of the tests, as in findings.json")
    rates: DataTable = doc("measured shares of campaign accounts found and innocent accounts accused")
    base: DataTable = doc("what part of the accusations is right for assumed shares of campaign accounts")
    ratios: Sequence[str] = doc("one sentence per grade: its least likelihood ratio, or why there is none")
    standing_out: DataTable = doc("sets of groups that stand out from the reference, by campaign")


@dataclass(frozen=True, slots=True)
class Power:
    """How small a campaign would have been found in this log."""

    statements: Sequence[str] = doc("one sentence per kind of planted campaign")
    n_innocents: int = doc("accounts that only a planted campaign brought to moderate or strong, over all copies")
    planted: DataTable | None = doc("planted campaigns and what was found; none if nothing was measured")
    reason: str = doc("why there is no statement; empty if it was measured")
    how: str = doc("command that measures it")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules by which the assessment graded, as it wrote them into findings.json."""

    parameters: Sequence[tuple[str, Any]] = doc("name and value of each parameter")
    explanations: Sequence[Mapping[str, Any]] = doc(
        "id, title, hash and parameters of each check of a benign explanation"
    )


@dataclass(frozen=True, slots=True)
class Check:
    """A total that was computed twice."""

    subject: str = doc("what was counted")
    stated: int | None = doc("the number that a stage wrote down")
    recomputed: int | None = doc("the number counted again from the rows")

    @property
    def is_equal(self) -> bool:
        """Whether both agree."""
        return self.stated == self.recomputed


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the report prints."""

    case: CaseHeader = doc("case and program")
    seals: Seals = doc("hashes that bind report, evidence and method")
    totals: Totals = doc("size of the log")
    models: DataTable = doc("exchanges by model")
    campaigns: Sequence[Campaign] = doc("campaigns, strongest first")
    explained: Sequence[ExplainedGroup] = doc("examined groups that were explained")
    left_out: DataTable = doc("accounts in a fired group that were left out, with the reason")
    heuristics: Sequence[Heuristic] = doc("heuristics by family and id")
    health: Health = doc("evidence health")
    sources: DataTable = doc("input files with their hashes")
    linkage: DataTable = doc("what linkage compared, and the assumed chances")
    rules: Rules = doc("rules of the assessment")
    error_rates: ErrorRates = doc("error rates")
    power: Power = doc("how small a campaign would have been found")
    checks: Sequence[Check] = doc("totals computed twice")
    queries: Sequence[QueryText] = doc("all queries of the report")
    limits: Sequence[Mapping[str, str]] = doc("what the report does not establish: title and text")
    glossary: Sequence[Mapping[str, str]] = doc("term and meaning")
    references: Sequence[Mapping[str, str]] = doc(
        "public record: author, title, date, what it asserts, how it was read"
    )

    def with_state(self, *states: str) -> list[Heuristic]:
        """Return the heuristics in one of the states."""
        return [heuristic for heuristic in self.heuristics if heuristic.state in states]

    @property
    def window(self) -> tuple[datetime | None, datetime | None]:
        """First and last start of an exchange, UTC."""
        return self.totals.log["first_seen"], self.totals.log["last_seen"]


CONTEXT_TYPES = (
    Report, CaseHeader, Seals, Totals, Campaign, Evidence, Exhibit, Excerpt, ExplainedGroup, Heuristic, Health, ErrorRates, Power, Rules, Check, Figure,
    DataTable, Column, QueryText,
)  # fmt: skip
"""All dataclasses of the context in the order of the reference page."""
