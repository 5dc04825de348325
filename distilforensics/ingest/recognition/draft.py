"""A mapping file to begin with: every place of the records with a sample value, a guess for each column, and what a missing column costs.

A guess rests on the words of a name and on the kind of the values. Where two places fit a column equally well both are written as comments.
The examiner reads the file before it is used, so that more may be guessed here than an ingest ever guesses by itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.ingest.catalogue.aliases import ALIASES, NAMES, TARGETS, normalised, words_of
from distilforensics.ingest.catalogue.mapped import COUNTS, NUMBERS, mapped_query
from distilforensics.ingest.catalogue.mapping import STEP, FieldMapping
from distilforensics.ingest.catalogue.notations import number_style, time_formats
from distilforensics.ingest.recognition.leaves import leaves_of
from distilforensics.ingest.recognition.suggestion import suggest_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from distilforensics.ingest.recognition.leaves import Leaf
    from distilforensics.ingest.recognition.suggestion import Sample

EVERY_RECORD_FROM = 3
"""Records from which values that never repeat tell an id of single requests."""

SHOWN_TESTS = 6
"""Tests named for a column that is missing."""

_HINTS = {
    target: {key: hint.get(key, "").split() for key in ("kinds", "words", "also")}
    for target, hint in NAMES["hints"].items()
}
"""Column -> kinds of values and words of names that speak for it, and words of which one is needed besides; names that programs use are known beyond that."""


@dataclass(slots=True)
class Draft:
    """Guesses for a kind of file."""

    leaves: list[Leaf]
    columns: dict[str, Leaf]
    """Column -> the place that fits it best."""
    doubtful: dict[str, list[Leaf]]
    """Column -> places that fit it equally well."""
    is_end: bool
    """The only time is that of the end."""
    day: Leaf | None
    """The place of the day, if that of the time has only the time of day."""


def draft_mapping(sample: Sample, needs: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return the text of a mapping file for the records of a sample.

    Args:
        sample: Records of the file.
        needs: Heuristic id -> needed columns, `a|b` for either: what a column that nothing fills would cost.
    """
    draft = _guessed(sample)
    lines = [
        "# Which field becomes which column. Read it, correct it, and give it with --mapping.",
        "# A field is a top-level name, a path such as $.usage.output_tokens, or `field -> $.path` into text that holds JSON.",
        "",
        *_columns(draft),
        *_left_over(draft),
        *_choices(draft),
        *_costs(draft, needs or {}),
    ]
    return "\n".join(lines) + "\n"


def _guessed(sample: Sample) -> Draft:
    leaves = leaves_of(sample.records)
    by_source = {leaf.source: leaf for leaf in leaves}
    suggestion = suggest_mapping(sample)
    columns = {target: by_source[name] for target, name in suggestion.columns.items() if name in by_source}
    has_day = suggestion.day is not None
    columns = {
        target: leaf for target, leaf in columns.items() if _suits(target, leaf) or (target == "started_at" and has_day)
    }
    doubtful = {
        target: [by_source[name] for name in names if name in by_source]
        for target, names in suggestion.ambiguous.items()
    }
    taken = {leaf.source for leaf in columns.values()} | {leaf.source for found in doubtful.values() for leaf in found}
    ranked: dict[int, dict[str, list[Leaf]]] = {}
    for leaf in leaves:
        for target, strength in _fitting(leaf):
            if leaf.source not in taken and target not in columns and target not in doubtful:
                ranked.setdefault(strength, {}).setdefault(target, []).append(leaf)
    for strength in sorted(ranked, reverse=True):
        for target in sorted(ranked[strength], key=list(_ORDER).index):
            free = [
                leaf for leaf in ranked[strength][target] if leaf.source not in taken and not _is_below(leaf, taken)
            ]
            if not free or target in columns or target in doubtful:
                continue
            if len(free) == 1:
                columns[target] = free[0]
            else:
                doubtful[target] = free
            taken |= {leaf.source for leaf in free}
    is_end = not {"started_at"} & {*columns, *doubtful} and "ended_at" in columns
    if is_end:
        columns["started_at"] = columns.pop("ended_at")
    if not {"account_id"} & {*columns, *doubtful}:
        # No test judges records without an account; where the log names none, its key stands for it, else its end user.
        stands_in = next((columns[name] for name in ("api_key_id", "end_user_id") if name in columns), None)
        columns |= {"account_id": stands_in} if stands_in else {}
    return Draft(leaves, columns, doubtful, is_end, by_source.get(suggestion.day or ""))


_ORDER = dict.fromkeys([*_HINTS, *sorted(TARGETS)])
"""Columns in the order in which they choose."""

_OBJECTS = frozenset({"messages", "conversation", "request_body", "usage"})
"""Columns that hold objects or lists."""


def _is_below(leaf: Leaf, taken: set[str]) -> bool:
    """Tell whether a place lies inside of an object that is read as a whole."""
    return any(leaf.source.startswith((f"$.{one}.", f"{one}.", f"{one}{STEP}")) for one in taken)


def _fitting(leaf: Leaf) -> Iterator[tuple[str, int]]:
    """Yield the columns that a place could be, with how much speaks for it: its name, words of it, words of what it lies in, its values alone."""
    kind = leaf.kind
    last, joined = leaf.names[-1], " ".join(leaf.names[-2:])
    usual = ALIASES.get(normalised(joined)) or ALIASES.get(normalised(last))
    if usual is not None and (kind == "object" or kind == "list") == (usual in _OBJECTS) and _suits(usual, leaf):
        yield usual, 5 if len(leaf.names) == 1 or ALIASES.get(normalised(joined)) else 4
    for target, signs in NAMES["signs"].items():
        if any(sign in last for sign in signs.split()) and _suits(target, leaf):
            yield target, 4
    words, own = set(words_of(leaf.names[-2:])), set(words_of(leaf.names[-1:]))
    for target, hint in _HINTS.items():
        if kind not in hint["kinds"] or (target == "account_id" and leaf.kind == "number" and _is_measure(leaf)):
            continue
        has_word = not words.isdisjoint(hint["words"]) and (not hint["also"] or not words.isdisjoint(hint["also"]))
        if has_word and _is_plausible(target, leaf):
            yield target, 3 if own & set(hint["words"]) else 2
        elif not hint["words"] or (target == "started_at" and words.isdisjoint(_HINTS["ended_at"]["words"])):
            yield target, 1


def _suits(target: str, leaf: Leaf) -> bool:
    """Tell whether the values of a place are such as a column of its name holds."""
    if target == "usage":  # counts under foreign names are mapped one by one
        return any(ALIASES.get(normalised(name)) for value in leaf.said if isinstance(value, dict) for name in value)
    kind, kinds = leaf.kind, _HINTS.get(target, {}).get("kinds")
    if target in NUMBERS:
        return kind in ("number", "nothing")
    if kinds == ["text"]:  # a word, messages, or the whole answer of a provider
        return kind in ("text", "id", "model", "program", "list") or any(map(_holds_text, leaf.said))
    return kinds is None or kind in kinds


def _holds_text(value: object) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint(
        {"role", "content", "choices", "messages", "candidates"}
    )


def _is_measure(leaf: Leaf) -> bool:
    """Tell whether numbers are amounts rather than names: some have fractions or groups of digits."""
    return any(re.search(r"[.,]", text) for text in leaf.texts)


def _is_plausible(target: str, leaf: Leaf) -> bool:
    texts = leaf.texts
    if target == "http_status":
        return all(re.fullmatch(r"[1-5]\d\d", text) for text in texts)
    if target == "request_id":
        return len(texts) >= EVERY_RECORD_FROM and len(set(texts)) == len(texts) and not _is_measure(leaf)
    if target == "client_country":
        return all(re.fullmatch(r"[A-Z]{2}", text) for text in texts)
    return True


def _columns(draft: Draft) -> Iterator[str]:
    yield "[columns]"
    width = max((len(_entry(target, leaf)) for target, leaf in draft.columns.items()), default=0)
    for target in sorted(draft.columns, key=list(_ORDER).index):
        entry = _entry(target, draft.columns[target])
        yield f"{entry:<{min(width, 60)}}  # {draft.columns[target].example}"
    for target, found in sorted(draft.doubtful.items()):
        yield f"# {target} could be any of these; keep one:"
        for leaf in found:
            yield f"# {_entry(target, leaf)}  # {leaf.example}"
    if "started_at" not in {*draft.columns, *draft.doubtful}:
        yield "# No field looks like a time; name the one that is:"
        yield '# started_at = "..."'


def _entry(target: str, leaf: Leaf) -> str:
    return f"{target} = {_toml(leaf.source)}"


def _left_over(draft: Draft) -> Iterator[str]:
    used = {leaf.source for leaf in (*draft.columns.values(), *([draft.day] if draft.day else []))} | {
        leaf.source for one in draft.doubtful.values() for leaf in one
    }
    rest = [
        leaf for leaf in draft.leaves if leaf.source not in used and leaf.kind != "object" and not _is_below(leaf, used)
    ]
    if not rest:
        return
    yield ""
    yield "# Fields that fill no column, with a value of each:"
    for leaf in rest:
        yield f"#   {_toml(leaf.source)}  # {leaf.kind}: {leaf.examples}"


def _choices(draft: Draft) -> Iterator[str]:
    """Yield the other tables: what the values show, and the rest as comments."""
    yield from ("", "[files]                    # used on files that have these fields, and on no others")
    marks = [draft.columns[target].source for target in _ORDER if target in draft.columns and target not in _OBJECTS]
    yield f"fields = [{', '.join(_toml(name) for name in marks[:4])}]" if marks else "# fields = []"
    yield from ("", "# [constants]", '# gateway = "name of the program that wrote the log"')
    yield from ("", "[time]", *_time(draft))
    numbers = [text for target, leaf in draft.columns.items() if target in NUMBERS for text in leaf.texts]
    counts = [text for target, leaf in draft.columns.items() if target in COUNTS for text in leaf.texts]
    thousands, decimal = number_style(numbers, counts)
    yield from ("", "[numbers]")
    yield f"{'' if thousands else '# '}thousands = {_toml(thousands or ',')}"
    yield f"{'' if decimal == ',' else '# '}decimal = {_toml(decimal)}"
    words = sorted({word for leaf in draft.columns.values() for word in leaf.null_words})
    yield from ("", "[values]                   # words for no value, beyond the usual ones such as - and n/a")
    yield f"null = [{', '.join(map(_toml, words))}]" if words else '# null = ["(empty)"]'
    yield from ("", "# [tokens]", '# cache = "left_out"       # the input leaves out cached tokens')
    yield from ("", "# [[rows]]                 # which records are calls", '# field = "type"', '# is_not = ["2"]')
    yield '# reason = "management_call"'


def _time(draft: Draft) -> Iterator[str]:
    leaf = draft.columns.get("started_at")
    texts = [text for text in leaf.texts if text not in leaf.null_words] if leaf else []
    if draft.day is not None:
        yield f"day = {_toml(draft.day.source)}"
        texts = [f"{day} {text}" for day, text in zip(draft.day.texts, texts, strict=False)]
    formats = time_formats(texts)
    if len(formats) > 1:
        yield "# The day could be the month; keep one:"
    for notation in formats or ("%d.%m.%Y %H:%M:%S",):
        yield f"{'' if len(formats) == 1 else '# '}format = {_toml(notation)}"
    sign = "" if draft.is_end else "# "
    yield f"{sign}is_end = true            # the time is that of the end; the start is that less the duration"
    yield '# unit = "ms"              # s, ms, us or ns for epoch times; by size if left out'
    yield '# zone = "Europe/Berlin"   # for times without an offset; UTC if left out'
    yield "# relative_to = 2026-03-01T00:00:00Z   # times count from here, in `unit`, seconds if left out"


_KEYS = {"messages_json": "messages", "tools_sha256": "tools"}
"""Columns that a mapping fills by a key of another name."""


def _costs(draft: Draft, needs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the columns that nothing fills, with the tests that cannot be run without them."""
    columns = {target: leaf.source for target, leaf in draft.columns.items()}
    filled = mapped_query(FieldMapping(columns))[1] if "started_at" in columns else frozenset()
    given = {*columns, *filled}
    given |= {name.removesuffix("_raw") for name in given} | {f"{name.removesuffix('_text')}_sha256" for name in given}
    lost: dict[str, list[str]] = {}
    for heuristic, needed in needs.items():
        for need in needed:
            if not given & set(need.split("|")):
                lost.setdefault(need, []).append(heuristic)
    if not lost:
        return
    without = {heuristic for found in lost.values() for heuristic in found}
    yield ""
    yield f"# Without these columns {len(without)} of {len(needs)} tests cannot be run (| is or):"
    for need, found in sorted(lost.items(), key=lambda item: (-len(item[1]), item[0])):
        more = f" and {len(found) - SHOWN_TESTS} more" if len(found) > SHOWN_TESTS else ""
        keys = "|".join(_KEYS.get(column, column) for column in need.split("|"))
        yield f"#   {keys}: {len(found)}: {', '.join(sorted(found)[:SHOWN_TESTS])}{more}"


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
