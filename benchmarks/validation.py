"""Turns the results of `detection.py` into docs/validation.md: figures against goals, accusations by role, grades, ablation."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.accuracy.proportion import Proportion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Result = dict[str, Any]
GRADES = ("strong", "moderate", "weak")


@dataclass(frozen=True, slots=True)
class Goal:
    """What was to be reached for some scenarios; shares from 0 to 1."""

    title: str
    scenarios: tuple[str, ...]
    found: float | None
    accused: float


GOALS = (
    Goal(
        "pool, any scheduler, text present",
        ("pool_round_robin", "pool_least_recently_used", "pool_random", "pool_sticky"),
        0.99,
        0.0002,
    ),
    Goal("low and slow", ("low_and_slow",), 0.95, 0.0002),
    Goal("heavy chaff (70 %)", ("heavy_chaff",), 0.95, 0.0005),
    Goal("relay", ("relay", "relay_sticky"), 0.90, 0.0005),
    Goal("cleaner", ("cleaner",), 0.90, 0.0005),
    Goal("pivot with pool replacement", ("pivot",), 0.95, 0.0002),
    Goal("metadata only", ("access_log",), 0.85, 0.0005),
    Goal("hashes only (no goal was set)", ("hashes_only",), None, 0.0005),
    Goal("evasive", ("evasive",), 0.70, 0.0005),
    Goal("hard negatives, no campaign", ("hard_negatives",), None, 0.0),
)
_PURITY = 0.98


class Tally:
    """Counts over runs."""

    def __init__(self, results: Iterable[Result]) -> None:
        self.found: Counter[str] = Counter()
        self.accused: Counter[str] = Counter()
        self.n_planted = self.n_innocent = self.n_runs = self.n_known = self.n_known_found = 0
        self.n_reported = self.n_innocent_campaigns = self.n_runs_accusing = self.n_split = 0
        self.members = self.labelled = 0
        self.campaign_grades: Counter[str] = Counter()
        for result in results:
            self._add(result)

    def _add(self, result: Result) -> None:
        self.n_runs += 1
        for grade, scores in result["by_grade"].items():
            self.found[grade] += scores["recall"][0]
            self.accused[grade] += scores["false_accusations"][0]
        moderate = result["by_grade"]["moderate"]
        self.n_planted += moderate["recall"][1]
        self.n_innocent += moderate["false_accusations"][1]
        self.n_runs_accusing += moderate["false_accusations"][0] > 0
        self.n_known += len(result["known"])
        self.n_known_found += sum(known["is_found"] for known in result["known"])
        self.n_split += sum(known["n_pieces"] > 1 for known in result["known"])
        self.n_reported += len(result["reported"])
        self.n_innocent_campaigns += sum(reported["purity"][0] == 0 for reported in result["reported"])
        self.members += sum(reported["purity"][0] for reported in result["reported"])
        self.labelled += sum(reported["purity"][1] for reported in result["reported"])
        self.campaign_grades.update(result.get("grades", ()))

    def recall(self, grade: str = "moderate") -> Proportion:
        """Return the campaign accounts found at a grade or above."""
        return Proportion(self.found[grade], self.n_planted)

    def accusations(self, grade: str = "moderate") -> Proportion:
        """Return the innocent accounts accused at a grade or above."""
        return Proportion(self.accused[grade], self.n_innocent)

    def purity(self) -> Proportion:
        """Return the accounts of reported campaigns that belong to the campaign."""
        return Proportion(self.members, self.labelled)

    def reports_per_campaign(self) -> str:
        """Return reported campaigns that hold a campaign's accounts, per true campaign."""
        if not self.n_known:
            return "-"
        return f"{(self.n_reported - self.n_innocent_campaigns) / self.n_known:.2f}"


def progress_table(results: Sequence[Result]) -> str:
    """Return the short table for a terminal."""
    good = [result for result in results if "error" not in result]
    lines = []
    for scenario, runs in _grouped(good, lambda result: result["scenario"]).items():
        tally = Tally(runs)
        grades = "+".join(f"{count} {grade}" for grade, count in sorted(tally.campaign_grades.items())) or "none"
        lines.append(
            f"{scenario:26} {tally.n_runs:3} runs  found {tally.recall()!s:48} accused {tally.accusations()!s:44} {grades}"
        )
    n_failed = len(results) - len(good)
    return "\n".join([*lines, *([f"{n_failed} runs failed"] if n_failed else [])])


def document(results: Sequence[Result]) -> str:
    """Return the Markdown document."""
    good = [result for result in results if "error" not in result]
    sections = [
        _introduction(results, good),
        _against_goals(good),
        _by_scenario(good),
        _by_texts(good),
        _idle(good),
        _by_role(good),
        _ablation(good),
    ]
    return "\n".join(line for section in sections for line in section) + "\n"


def _introduction(results: Sequence[Result], good: Sequence[Result]) -> list[str]:
    seeds = sorted({result["seed"] for result in good})
    texts = Counter(result["texts"] for result in good)
    exchanges = sorted(result["n_exchanges"] for result in good)
    codes = sorted({result["code"] for result in good})
    sources = {
        "invented": "texts of the project's own grammars",
        "held_out": "real prompts of families that were not used for tuning",
        "tuning": "real prompts of families that were used for tuning",
    }
    return [
        "# Validation",
        "",
        "<!-- Written by benchmarks/detection.py; do not edit. -->",
        "",
        "What the whole chain, from ingest to assessment with its default parameters, finds and wrongly accuses in simulated, labelled logs.",
        "Scenarios follow the public record of disclosed campaigns and the known look-alikes; `distilforensics simulate NAME` writes any of them.",
        "Found and accused mean a grade of moderate or strong. Intervals are exact (Clopper-Pearson, 95 %).",
        "Accounts of one log share its seed and are not independent, so the true uncertainty is larger than the intervals over accounts say;",
        "the column of runs with an accusation counts logs, which are independent.",
        "No real traffic is in these figures: they show what the chain does on patterns of the public record, not what it will do on a given service.",
        "",
        f"{len(good)} runs, seeds {seeds[0] if seeds else '-'} to {seeds[-1] if seeds else '-'}: "
        + ", ".join(f"{count} with {sources[name]}" for name, count in sorted(texts.items()))
        + f". Median {exchanges[len(exchanges) // 2] if exchanges else 0:,} exchanges per log. Code {', '.join(codes)}."
        + (f" {len(results) - len(good)} runs failed." if len(results) > len(good) else ""),
        "",
        "Regenerate with `python benchmarks/detection.py --texts DIR --write docs/validation.md`; without `--texts` every text is invented.",
        "",
    ]


def _against_goals(results: Sequence[Result]) -> list[str]:
    lines = [
        "## Against the goals",
        "",
        "Reached means that the measured share reaches the goal; where the interval also reaches it, it is reached for sure.",
        "One true campaign should be one reported campaign, of which at least 98 % belong to it.",
        "Accounts of a campaign that did none of its work are in the first share, and counted apart further down.",
        "",
        "| scenario | runs | campaign accounts found | goal | innocent accounts accused | goal | reported per campaign | purity | reached |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for goal in GOALS:
        runs = [result for result in results if result["scenario"] in goal.scenarios]
        if not runs:
            continue
        tally = Tally(runs)
        found_goal = "-" if goal.found is None else f"at least {100 * goal.found:g} %"
        accused_goal = f"at most {100 * goal.accused:g} %" if goal.accused else "no campaign"
        found = str(tally.recall()) if tally.n_planted else "-"
        purity = str(tally.purity()) if tally.labelled else "-"
        lines.append(
            f"| {goal.title} | {tally.n_runs} | {found} | {found_goal} | {tally.accusations()} | {accused_goal} | "
            f"{tally.reports_per_campaign()} | {purity} | {_verdict(goal, tally)} |"
        )
    return [*lines, ""]


def _verdict(goal: Goal, tally: Tally) -> str:
    """Return which of the goals were reached."""
    missed, unsure = [], []
    if goal.found is not None and tally.n_planted:
        share = tally.recall()
        if share.n_of < goal.found * share.n_total:
            missed.append("found")
        elif share.interval is not None and share.interval[0] < goal.found:
            unsure.append("found")
    share = tally.accusations()
    if share.n_of > goal.accused * share.n_total:
        missed.append("accused")
    elif share.interval is not None and goal.accused and share.interval[1] > goal.accused:
        unsure.append("accused")
    if tally.n_known and tally.labelled and tally.members < _PURITY * tally.labelled:
        missed.append("purity")
    if tally.n_known and tally.n_reported - tally.n_innocent_campaigns != tally.n_known:
        missed.append("one campaign each")
    if missed:
        return f"**no**: {', '.join(missed)}"
    return f"yes; the interval of {' and '.join(unsure)} is wider than the goal" if unsure else "yes"


def _by_scenario(results: Sequence[Result]) -> list[str]:
    lines = [
        "## By scenario and grade",
        "",
        "Campaign accounts and innocent accounts by the lowest grade that counts, and the campaigns that were reported.",
        "",
        (
            "| scenario | found: strong | moderate | weak | accused: strong | moderate | weak | runs with an accusation | campaigns found "
            "| reported campaigns by grade |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for scenario, runs in _grouped(results, lambda result: result["scenario"]).items():
        tally = Tally(runs)
        found = [_short(tally.recall(grade)) if tally.n_planted else "-" for grade in GRADES]
        accused = [f"{tally.accused[grade]:,}" for grade in GRADES]
        known = f"{tally.n_known_found} of {tally.n_known}" if tally.n_known else "-"
        grades = ", ".join(
            f"{tally.campaign_grades[grade]} {grade}" for grade in GRADES if tally.campaign_grades[grade]
        )
        cells = [*found, *accused, f"{Proportion(tally.n_runs_accusing, tally.n_runs)}", known, grades or "none"]
        lines.append(f"| {scenario} | {' | '.join(cells)} |")
    return [*lines, ""]


def _by_texts(results: Sequence[Result]) -> list[str]:
    sources = sorted({result["texts"] for result in results})
    if len(sources) < 2:
        return []
    lines = [
        "## Invented and real texts",
        "",
        "| scenario | " + " | ".join(f"{name}: found | accused" for name in sources) + " |",
        "|---|" + "---|---|" * len(sources),
    ]
    for scenario, runs in _grouped(results, lambda result: result["scenario"]).items():
        cells = []
        for name in sources:
            tally = Tally([result for result in runs if result["texts"] == name])
            cells += [str(tally.recall()) if tally.n_planted else "-", str(tally.accusations())]
        lines.append(f"| {scenario} | {' | '.join(cells)} |")
    return [*lines, ""]


def _idle(results: Sequence[Result]) -> list[str]:
    lines = [
        "## Accounts that did none of the work",
        "",
        "A scheduler that stays on one account until it is limited does not reach every account before it ends, and a pool passes unrelated",
        "customers through as well. An account that sent nothing of the campaign's has no content that could tell it: it is found if it shares two",
        "of payment method, minutes of sign-up and rare network with accounts that content told, and otherwise not.",
        "The last two columns say what one of the three would do instead: how many would be found, and how many innocent accounts accused.",
        "",
        "| scenario | did some of the work: found | did none: found | found by one tie | innocent accounts accused by one tie |",
        "|---|---|---|---|---|",
    ]
    for scenario, runs in _grouped(results, lambda result: result["scenario"]).items():
        tally = Tally(runs)
        n, n_found, n_tied, n_innocent = (
            sum(result["idle"][key] for result in runs) for key in ("n", "n_found", "n_tied", "n_innocent_tied")
        )
        if tally.n_planted and n:
            busy = Proportion(tally.found["moderate"] - n_found, tally.n_planted - n)
            cells = (busy, Proportion(n_found, n), Proportion(n_tied, n), Proportion(n_innocent, tally.n_innocent))
            lines.append(f"| {scenario} | {' | '.join(map(str, cells))} |")
    return [*lines, ""]


def _by_role(results: Sequence[Result]) -> list[str]:
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for result in results:
        for role, (accused, all_of_role) in result["roles"].items():
            totals[role][0] += accused
            totals[role][1] += all_of_role
    lines = ["## Innocent accounts accused, by what they are", "", "| role | accused |", "|---|---|"]
    lines += [f"| {role.replace('_', ' ')} | {Proportion(*totals[role])} |" for role in sorted(totals)]
    return [*lines, ""]


def _ablation(results: Sequence[Result]) -> list[str]:
    ablated = [result for result in results if "ablation" in result]
    if not ablated:
        return []
    families = list(ablated[0]["ablation"])
    lines = [
        "## Without one family of heuristics",
        "",
        (
            f"The assessment of {len(ablated)} runs was repeated without the observations of one family. "
            "Each cell: campaign accounts found, innocent accounts accused."
        ),
        "",
        "| scenario | all | " + " | ".join(f"without {family}" for family in families) + " |",
        "|---|" + "---|" * (len(families) + 1),
    ]
    groups = _grouped(ablated, lambda result: result["scenario"]) | {"**all**": ablated}
    for scenario, runs in groups.items():
        tallies = [Tally(runs), *(Tally(result["ablation"][family] for result in runs) for family in families)]
        cells = [
            f"{_short(tally.recall()) if tally.n_planted else '-'}, {tally.accused['moderate']:,}" for tally in tallies
        ]
        lines.append(f"| {scenario} | {' | '.join(cells)} |")
    return [*lines, ""]


def _short(share: Proportion) -> str:
    return f"{100 * share.n_of / share.n_total:.1f} %"


def _grouped(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    """Return the results by key in the order of the goals."""
    order = [scenario for goal in GOALS for scenario in goal.scenarios]
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    return {name: groups[name] for name in sorted(groups, key=lambda name: (order.index(name), name))}
