"""Turns results of `validation.py` into docs/validation.md: failures first, then rates, the ablation, the power and the attacker."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from attacker import CHANGES, next_attack, shown
from thresholds import numbers

from distilforensics.accuracy.proportion import Proportion
from distilforensics.assessment.candidate_search import RATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Result = dict[str, Any]

POWER_SIZES, POWER_RETRIES = (8, 15, 30, 60), ("now", "hour", "none")

SOURCES = {
    "simulator": "the package's simulator, by the authors of the program",
    "populations": "benchmarks/populations, by an author who did not see the simulator or the heuristics; the newer kinds were written against the rules",
    "independent": "generators that are no part of this project, by a third author; texts and some arrival times are real",
}
"""Sources whose rates are stated, with who wrote them; the others vary one thing on purpose."""

_INTRODUCTION = """\
# Validation

<!-- Written by benchmarks/validation.py; do not edit. -->

What the whole chain, from ingest to assessment with its default parameters, finds and wrongly accuses in labelled logs.
All logs are generated; texts of some are real. They show what the program does on known patterns, not what it will do on a given service.

- *Found* and *accused* mean a grade of moderate or strong. *Weak* means named at weak and no more.
- *One operator* means listed as operated together, for a purpose that the log does not show. It accuses nobody.
- Every log has a seed and innocents of its own. Accounts of one log are still not independent: look at the rates per log first.
- Intervals are exact (Clopper-Pearson, 95 %). At 0 the upper bound is given.
"""

_REJECTED = """\
## What was tried and rejected

- *Grades by conjunction over families of heuristics*, with an ablation per family. Three heuristics that see the same failed calls counted three times,
  and a pool on which all coordination pointed one way stayed weak (decisions 5 and 50).
- *Hand-overs and a scheduler as two facts.* A cache that customers share shows both; 32 innocents of one log became moderate.
- *Half the weight for the ties that chose a set.* The users of a product that a pool uses came in with the pool.
- *Two kinds of identity with any two members.* Exits that strangers share brought in 9 of 595 innocents.
- *Texts that an account sends once.* Public questions brought in 8 of 297 innocents.
- *The same innocents in every scenario.* Twenty seeds of fourteen scenarios counted 48,380 innocents who were 12,095 (decision 52).
- *A list of twelve honest groups that must stay silent.* It says that a known trap is closed, and no rate follows. The honest kinds of two authors replace it.
"""


def power_name(size: int, retry: str) -> str:
    """Return the pool of a power curve: everything but size and retry habit is fixed."""
    return (
        f"queue:{size}:cards=groups,exits=residential,clients=one,schedule=random,clock=flat,chaff=none,retry={retry}"
    )


def is_innocent(persona: str) -> bool:
    """Tell whether accounts of a persona are in no campaign."""
    return not persona.endswith("*")


def total(results: Iterable[Result], grade: str, wanted: Callable[[str], bool]) -> int:
    """Return the accounts of personas at a grade or better, or `all` of them."""
    return sum(n for r in results for persona, n in r["counts"][grade].items() if wanted(persona))


def document(results: Sequence[Result]) -> str:
    """Return the Markdown text."""
    good = [result for result in results if "error" not in result]
    rated = [result for result in good if result["source"] in SOURCES]
    sections = [
        _INTRODUCTION.splitlines(),
        ["", *_measured(results, good), ""],
        _failures(good, rated),
        _rates(rated),
        _by_log(rated),
        _ties(rated),
        _ablation(rated),
        _power(good),
        _attacks(good),
        _REJECTED.splitlines(),
    ]
    return "\n".join(line for section in sections for line in section) + "\n"


def _measured(results: Sequence[Result], good: Sequence[Result]) -> Iterator[str]:
    yield from ("| source | logs | seeds | size | texts |", "|---|---|---|---|---|")
    names = SOURCES | {"power": "pools by size and retry habit", "attacker": "the attacker"}
    for source, title in names.items():
        found = [result for result in good if result["source"] == source]
        if not found:
            yield f"| {title} | none | - | - | - |"
            continue
        seeds = ", ".join(map(str, sorted({result["seed"] for result in found})))
        scales = ", ".join(f"{scale:g}" for scale in sorted({result["scale"] for result in found}))
        is_real = source == "independent" or all(result["has_real_texts"] for result in found)
        yield f"| {title} | {len(found)} | {seeds} | {scales} | {'real' if is_real else 'invented'} |"
    yield ""
    yield "Size 1 is what the generator calls so; smaller logs have fewer innocents, and those of the first and third source smaller campaigns."
    decides = [decides for *_, decides in numbers()]
    yield f"{len(decides)} numbers of the rules were chosen by hand; {sum(decides)} can change a grade or a list (`python benchmarks/thresholds.py --list`)."
    codes = ", ".join(sorted({result["code"] for result in good}))
    yield f"{len(good)} logs were examined; {len(results) - len(good)} could not be. Code {codes}. To measure again:"
    yield "`python benchmarks/validation.py --seeds N --first-seed S --texts DIR --independent DIR --write docs/validation.md`"
    yield "and the same with `--attacker` for the last table."


# failures -----------------------------------------------------------------------------------------------------
def _failures(good: Sequence[Result], rated: Sequence[Result]) -> list[str]:
    lines = ["## Failures", "", "### Innocents accused", ""]
    wrong = [
        (r, g) for r in good for g in r["groups"] if g["grade"] in {"moderate", "strong"} and _split(g["personas"])[1]
    ]
    if wrong:
        lines += [
            "| log | its seed | grade | innocents | members of campaigns | facts (bits) |",
            "|---|---|---|---|---|---|",
        ]
    for r, g in sorted(wrong, key=lambda pair: -sum(_split(pair[1]["personas"])[1].values())):
        known, innocent = _split(g["personas"])
        facts = ", ".join(f"{name} ({bits:g})" for name, bits in g["facts"].items())
        lines.append(
            f"| {_title(r)} | {r['log_seed']} | {g['grade']} | {_counts(innocent)} | {_counts(known)} | {facts} |"
        )
    lines += [] if wrong else [f"None in {len(good)} logs."]
    return [*lines, "", *_missed(rated), *_operators(rated)]


def _missed(rated: Sequence[Result]) -> list[str]:
    lines = ["### Campaigns missed", "", "Fewer than half of the accounts were found.", ""]
    rows = []
    for r in rated:
        missed = {name: counts for name, counts in r["known"].items() if 2 * counts[0] < counts[1]}
        if not missed:
            continue
        groups = [g for g in r["groups"] if g["grade"] not in {"moderate", "strong"} and _split(g["personas"])[0]]
        caps = sorted({e.removeprefix("operator.") for g in groups for e in g["explanations"]})
        listed = Counter[str]()
        for g in groups:
            listed.update(_split(g["personas"])[0])
        campaigns = ", ".join(f"{name} {n_found} of {n}" for name, (n_found, n) in missed.items())
        cells = [_title(r), str(r["log_seed"]), campaigns, _counts(listed), ", ".join(caps) or "-"]
        n_missed = sum(n - n_found for n_found, n in missed.values())
        rows.append((n_missed, f"| {' | '.join(cells)} |"))
    if not rows:
        return [*lines, "None.", ""]
    header = ["| log | its seed | found | listed or weak instead | what caps the groups |", "|---|---|---|---|---|"]
    return [*lines, *header, *(row for _, row in sorted(rows, key=lambda pair: -pair[0])), ""]


def _operators(rated: Sequence[Result]) -> list[str]:
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for r in rated:
        for persona, n in r["counts"]["all"].items():
            if n and is_innocent(persona):
                found[r["source"], persona].update({g: k.get(persona, 0) for g, k in r["counts"].items()} | {"logs": 1})
    lines = [
        "### Innocents by kind",
        "",
        "| source | kind | logs | accused | weak | one operator |",
        "|---|---|---|---|---|---|",
    ]
    silent: dict[str, list[str]] = defaultdict(list)
    for (source, persona), n in sorted(
        found.items(), key=lambda item: (-item[1]["weak"], -item[1]["operator"], item[0])
    ):
        if not n["weak"] and not n["operator"]:
            silent[source].append(_words(persona))
            continue
        share, weak = Proportion(n["moderate"], n["all"]), n["weak"] - n["moderate"]
        lines.append(f"| {source} | {_words(persona)} | {n['logs']} | {share} | {weak:,} | {n['operator']:,} |")
    lines += ["", "No account of these kinds was accused, named or listed:", ""]
    return [*lines, *(f"- {source}: {', '.join(names)}." for source, names in silent.items()), ""]


# rates --------------------------------------------------------------------------------------------------------
def _rates(rated: Sequence[Result]) -> list[str]:
    lines = [
        "## Rates",
        "",
        "A group is all innocent accounts of one kind in one log; it is accused if one of them is.",
        "A campaign is found if half of its accounts are.",
        "",
        "| source | logs with an innocent accused | one at strong | groups accused | innocents accused | at weak | campaigns found | accounts found |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for source in [*SOURCES, "all"]:
        runs = [r for r in rated if source in (r["source"], "all")]
        if runs:
            lines.append(f"| {source} | {' | '.join(map(str, _shares(runs)))} |")
    return [*lines, ""]


def _shares(runs: Sequence[Result]) -> list[Proportion]:
    groups = [(r["counts"]["moderate"].get(p, 0), p) for r in runs for p, n in r["counts"]["all"].items() if n]
    innocent = [n for n, p in groups if is_innocent(p)]
    known = [pair for r in runs for pair in r["known"].values()]
    n_innocent, n_accused = (total(runs, grade, is_innocent) for grade in ("all", "moderate"))
    return [
        Proportion(sum(total([r], "moderate", is_innocent) > 0 for r in runs), len(runs)),
        Proportion(sum(total([r], "strong", is_innocent) > 0 for r in runs), len(runs)),
        Proportion(sum(n > 0 for n in innocent), len(innocent)),
        Proportion(n_accused, n_innocent),
        Proportion(total(runs, "weak", is_innocent) - n_accused, n_innocent),
        Proportion(sum(2 * n_found >= n for n_found, n in known), len(known)),
        Proportion(sum(n_found for n_found, _ in known), sum(n for _, n in known)),
    ]


def _by_log(rated: Sequence[Result]) -> list[str]:
    lines = [
        "## By log",
        "",
        "The worst first: innocents accused, then accounts of campaigns that were not found.",
        "",
        "| log | runs | accounts found | of them strong | innocents accused | at weak | one operator: campaign + innocent |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = []
    for title, runs in _grouped(rated, _title).items():
        known = [pair for r in runs for pair in r["known"].values()]
        n_found, n = sum(pair[0] for pair in known), sum(pair[1] for pair in known)
        n_strong = total(runs, "strong", lambda persona: not is_innocent(persona))
        shares = _shares(runs)
        operated = [total(runs, "operator", wanted) for wanted in (lambda p: not is_innocent(p), is_innocent)]
        cells = [
            f"{len(runs)}", f"{Proportion(n_found, n)}" if n else "-", f"{n_strong:,}" if n else "-", f"{shares[3]}", f"{shares[4].n_of:,}",
            f"{operated[0]:,} + {operated[1]:,}",
        ]  # fmt: skip
        rows.append(((-shares[3].n_of, n_found / n if n else 1.0, title), f"| {title} | {' | '.join(cells)} |"))
    return [*lines, *(row for _, row in sorted(rows)), ""]


def _ties(rated: Sequence[Result]) -> list[str]:
    measured = [r for r in rated if "ties" in r]
    if not measured:
        return []
    lines = [
        "## How often work goes on elsewhere among innocents",
        "",
        "Calls of innocents that go on at another account, per call that could have. Honest groups are included: caches, routers and teams pass calls on.",
        "The assessment counts calls between customers whom the log tells apart. It weighs them against the last column, or against the rate of",
        "the accounts outside of all examined groups if that is higher.",
        "",
        "| source | logs | tie | between known, different customers | where customers may be one | weighed against at least |",
        "|---|---|---|---|---|---|",
    ]
    for source, runs in _grouped(measured, lambda r: r["source"]).items():
        for kind, rate in RATES.items():
            n_distinct, n_all, chances = (sum(r["ties"][kind][i] for r in runs) for i in range(3))
            share = Proportion(n_distinct, chances)
            lines.append(f"| {source} | {len(runs)} | {kind} | {share} | {n_all - n_distinct:,} | {100 * rate:g} % |")
    return [*lines, ""]


# what contributes ---------------------------------------------------------------------------------------------
def _ablation(rated: Sequence[Result]) -> list[str]:
    accusing = [(r, g) for r in rated for g in r["groups"] if g["without"]]
    if not accusing:
        return []
    lines = [
        "## Without one fact",
        "",
        "Every group at moderate or strong is graded again without one fact. Its accounts stay the same: a fact that also found the group keeps that part.",
        "",
        "| left out | groups still accused | campaign accounts found | innocents accused |",
        "|---|---|---|---|",
    ]
    for fact in ["nothing", *accusing[0][1]["without"]]:
        left = [(r, g) for r, g in accusing if fact == "nothing" or g["without"][fact] in {"moderate", "strong"}]
        known, innocent = (sum(sum(_split(g["personas"])[i].values()) for _, g in left) for i in (0, 1))
        lines.append(f"| {fact} | {len(left)} of {len(accusing)} | {known:,} | {innocent:,} |")
    return [*lines, ""]


def _power(good: Sequence[Result]) -> list[str]:
    runs = _grouped([r for r in good if r["source"] == "power"], lambda r: r["name"])
    if not runs:
        return []
    titles = {"now": "again at once", "hour": "again after an hour", "none": "given up"}
    lines = [
        "## Power",
        "",
        "A queue of tasks over a pool with a card for every three to six accounts and household exits, among ordinary customers, for fourteen days.",
        "Each cell: accounts at moderate or strong, then accounts listed as one operator, of all. What is varied is the size and what becomes of failed tasks.",
        "",
        "| accounts | " + " | ".join(f"failed tasks: {titles[retry]}" for retry in POWER_RETRIES) + " |",
        "|---|" + "---|" * len(POWER_RETRIES),
    ]
    for size in POWER_SIZES:
        cells = []
        for retry in POWER_RETRIES:
            found = runs.get(power_name(size, retry), [])
            n, n_found, n_listed = (
                total(found, grade, lambda p: not is_innocent(p)) for grade in ("all", "moderate", "operator")
            )
            cells.append(f"{n_found} + {n_listed} of {n}" if found else "-")
        lines.append(f"| {size} | {' | '.join(cells)} |")
    return [*lines, ""]


# the attacker -------------------------------------------------------------------------------------------------
def _attacks(good: Sequence[Result]) -> list[str]:
    seeds = sorted({r["seed"] for r in good if r["source"] == "attacker"})
    lines = []
    if seeds:
        lines = [
            "## An attacker who knows the rules",
            "",
            "He runs a queue over forty accounts, and changes one cheap habit at a time: each time the one that leaves the fewest accounts at moderate,",
            "then the fewest that are listed, then the least weight of facts. He stops when none is listed. First what each change alone would do.",
        ]
    for seed in seeds:
        steps, missing = next_attack(good, seed)
        lines += [
            "",
            f"Seed {seed}:" + (" (not all steps are measured)" if missing else ""),
            "",
            "| step | change | found | listed | facts (bits) | tasks answered | calls per answer | cards | addresses | what it costs |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]
        for number, step in enumerate(steps):
            lines.append(_attack_row(str(number), step.change, step.result))
            lines += [_attack_row("alone", change, result) for change, result in step.tried.items() if not number]
    return [*lines, ""] if lines else []


def _attack_row(number: str, change: tuple[str, str] | None, result: Result) -> str:
    n = total([result], "all", lambda p: not is_innocent(p))
    n_found, n_named = (round(share * n) for share in shown(result)[:2])
    facts = Counter[str]()
    for group in result["groups"]:
        if any(not is_innocent(p) for p in group["personas"]):
            facts.update(group["facts"])
    cost = result["cost"]
    cells = [
        number, "=".join(change) if change else "none", f"{n_found} of {n}", f"{n_named - n_found}", ", ".join(f"{f} ({b:g})" for f, b in facts.items()),
        f"{100 * cost['answered'] / cost['tasks']:.1f} %", f"{cost['calls'] / cost['answered']:.2f}", f"{cost['cards']}",
        f"{cost['addresses']}", CHANGES[change] if change else "-",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


# words --------------------------------------------------------------------------------------------------------
def _title(result: Result) -> str:
    return f"{result['source']}: {_words(result['name'])}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _split(personas: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return members of campaigns and innocents."""
    known = {persona.rstrip("*"): n for persona, n in personas.items() if not is_innocent(persona)}
    return known, {persona: n for persona, n in personas.items() if is_innocent(persona)}


def _counts(personas: dict[str, int]) -> str:
    return ", ".join(f"{n} {_words(persona)}" for persona, n in sorted(personas.items())) or "-"


def _grouped(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    return groups
