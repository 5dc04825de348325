"""The sample of every format gives the expected rows, and any two of its fields exchanged give others."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path

import pytest

from distilforensics.core.schema import EXCHANGES
from distilforensics.ingest import formats
from distilforensics.ingest.catalogue.columns import ENGINE_COLUMNS
from distilforensics.ingest.examples import OPTIONS, differences
from distilforensics.ingest.formats import Options, Sample, load_formats, resolve_options

EXAMPLES = [(spec, example) for spec in load_formats().values() for example in spec.examples]
OF_CALLS = [(spec, example) for spec, example in EXAMPLES if spec.no_calls is None]
NAMES = [f"{spec.id}/{example.name}" for spec, example in EXAMPLES]
NAMES_OF_CALLS = [f"{spec.id}/{example.name}" for spec, example in OF_CALLS]
VERDICTS = ["flags", "out_of_scope", "refusal_reason", "refusal_detail", "join_keys", "join_order", "is_part"]
CONSTANTS = ("type", "role", "tool_use_id")
"""Words that tell the kind of a part, or repeat an id: they are equal in several places by their nature."""


@pytest.mark.parametrize(("spec", "example"), EXAMPLES, ids=NAMES)
def test_a_sample_gives_exactly_the_expected_rows(spec, example, example_reader, monkeypatch):
    """Recognised, framed and projected as in an ingest; values, types and NULLs of all columns. The only option is the beginning of the log.

    So do the projection of plain records, with that of all records for the others, and the latter alone.
    """
    assert differences(spec, example, example_reader) == []
    projector = example_reader.projector
    monkeypatch.setattr(projector, "_plain", dict.fromkeys(projector._plain))
    assert differences(spec, example, example_reader) == []


FOLDER = Path(formats.__file__).parent
NO_NAMES = {"model_pattern", "date_format", "matches", "input", "output", "units", "is", "is_not", "reason"}
"""Keys of `[usage]` and `[[rows]]` whose values are no names of fields."""


def _texts(value):
    """Yield every text of a table that may name a field."""
    if isinstance(value, str):
        yield value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        if key not in NO_NAMES:
            yield from _texts(item)


def _names(path):
    """Yield the parts of a path to a field."""
    for part in path.split("->"):
        step = part.strip()
        yield from (a or b for a, b in re.findall(r'\."([^"]+)"|\.([\w@-]+)', step)) if step.startswith("$") else [step]


def _names_read(stated):
    """Yield whatever a format looks for in a record: names of fields, and words for states."""
    join, rows, detection = stated.get("join", {}), stated.get("rows", []), stated["detection"]
    of_join = {key: join.get(key, []) for key in ("key", "order", "part")}
    for table in (stated.get("columns", {}), stated.get("usage", {}), of_join, rows):
        for path in _texts(table):
            yield from _names(path)
    for table in (stated.get("known_keys", ()), *stated.get("words", {}).values(), detection.get("values", {})):
        yield from table
    for key in ("keys_all", "keys_any"):
        yield from detection.get(key, ())
    for row in rows:
        yield from (word for word in (*row.get("is", ()), *row.get("is_not", ())) if word)


@pytest.mark.parametrize("spec", load_formats().values(), ids=load_formats().keys())
def test_every_name_that_a_format_reads_stands_in_a_sample(spec):
    """A misspelt alternative, key of detection or word for a state would go unnoticed: the others give the same rows."""
    stated = tomllib.loads((FOLDER / spec.id / "format.toml").read_text(encoding="utf-8"))
    sample = " ".join(example.sample.decode("utf-8", "replace") for example in spec.examples)
    groups = spec.detection.line.groupindex if spec.detection.line else {}

    def stands(name):
        return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sample)

    lacking = {name for name in _names_read(stated) if name not in groups and not stands(name)}
    # Names of sums go into objects by dots; others are put into records by the reading of spans and of lines with listed fields.
    lacking = {name for name in lacking if "." not in name or not all(map(stands, name.split(".")))}

    assert {"otlp": {"otlp", "durationNano"}, "iis": {"date-time"}}.get(spec.id, set()) == lacking


@pytest.mark.parametrize("spec", load_formats().values(), ids=load_formats().keys())
def test_every_name_that_must_be_absent_stands_in_a_sample_of_another_format(spec):
    """A misspelt one would go unnoticed, since no sample of the format itself has it."""
    others = [example.sample for other in load_formats().values() if other.id != spec.id for example in other.examples]

    assert [name for name in spec.detection.keys_none if not any(name.encode() in sample for sample in others)] == []


def test_records_that_meet_have_a_name_in_common():
    """A misspelt name of a join would leave calls without their other half, and count both."""
    joins = [spec.join for spec in load_formats().values() if spec.join is not None]
    partners = {join.name: [other for other in joins if other.name == join.name] for join in joins}
    # Bodies of Amazon Bedrock lie in files of their own, which the reading of files joins.
    lonely = {name for name, found in partners.items() if len(found) == 1 and found[0].part is None}

    assert lonely == {"bedrock_bodies"}
    assert all(len({join.within for join in found}) == 1 for found in partners.values())
    assert all(sum(not join.is_part for join in found) == 1 for found in partners.values())


def _leaves(value, path=()):
    """Yield (path, value) of every scalar of a record."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, number))
    else:
        yield path, value


def _get(record, path):
    for key in path:
        if isinstance(record, list) and not (isinstance(key, int) and key < len(record)):
            return None
        if not isinstance(record, dict | list) or (isinstance(record, dict) and key not in record):
            return None
        record = record[key]
    return record


def _with(record, path, value):
    """Return the record with another value at a path that is there."""
    if not path:
        return value
    copy = list(record) if isinstance(record, list) else dict(record)
    copy[path[0]] = _with(copy[path[0]], path[1:], value)
    return copy


def _exchanged(records, a, b):
    """Return the records with the values at two paths exchanged, where both are there; None if that is nowhere."""
    mutants, is_any = [], False
    for record in records:
        x, y = _get(record, a), _get(record, b)
        if x is not None and y is not None and not isinstance(x, dict | list) and not isinstance(y, dict | list):
            mutants.append(_with(_with(record, a, y), b, x))
            is_any = True
        else:
            mutants.append(record)
    return mutants if is_any else None


def _rows(project, format_id, groups, options):
    """Return the rows of each group of records; all are projected in one run."""
    lines = [record if isinstance(record, str) else json.dumps(record) for group in groups for record in group]
    columns = [column.name for column in EXCHANGES.columns if column.name not in ENGINE_COLUMNS]
    rows = project.table(format_id, lines, options).select([*columns, *VERDICTS]).to_pylist()
    sizes = itertools.accumulate((len(group) for group in groups), initial=0)
    return [rows[start : start + len(group)] for start, group in zip(sizes, groups, strict=False)]


def _changed_leaves(records):
    """Yield (path, records with another value there) for every leaf, and a function that exchanges two of them."""
    paths = sorted({path for record in records for path, value in _leaves(record) if value is not None}, key=str)
    for path in paths:
        yield path, [_with(r, path, "changed-by-the-test") if _get(r, path) is not None else r for r in records]


def _group_mutants(pattern, lines, a, b):
    """Return the lines with the texts of two groups exchanged; None if that changes nothing that could be seen."""
    mutants = []
    for line in lines:
        match = pattern.match(line)
        if match is None or match[a] is None or match[b] is None or pattern.match(line).span(a) == match.span(b):
            mutants.append(line)
            continue
        (start, end), (later, last) = sorted([match.span(a), match.span(b)])
        mutants.append(line[:start] + line[later:last] + line[end:later] + line[start:end] + line[last:])
    return mutants if mutants != lines else None


def _mutants_of_lines(spec, lines):
    """Return (pair of groups, mutated lines) for every two groups that are read."""
    pattern = spec.detection.line
    names = list(pattern.groupindex)
    assert len(names) > 4, "the pattern names its fields, so that they can be exchanged"
    return [(pair, m) for pair in itertools.combinations(names, 2) if (m := _group_mutants(pattern, lines, *pair))]


def _mutants_of_records(records, rows_of, original):
    """Return (pair of paths, mutated records) for every two fields of which both are read."""
    changed = list(_changed_leaves(records))
    is_used = [rows != original for rows in rows_of([group for _, group in changed])]
    used = [path for (path, _), is_one in zip(changed, is_used, strict=True) if is_one and path[-1] not in CONSTANTS]
    pairs = [(a, b) for a, b in itertools.combinations(used, 2) if _field(a) != _field(b)]
    return [(pair, mutant) for pair in pairs if (mutant := _exchanged(records, *pair)) is not None]


def _field(path):
    """Return a path without positions in lists: the role of one message and that of another are one field."""
    return [key for key in path if isinstance(key, str)]


@pytest.mark.parametrize(("spec", "example"), OF_CALLS, ids=NAMES_OF_CALLS)
def test_any_two_fields_exchanged_give_other_rows(spec, example, example_reader, project):
    """A format that takes the account from the field of the cost, or output tokens for input tokens, cannot pass its own sample."""
    format_id, texts = example_reader.records(example)
    is_text = spec.framing == "text"
    records = texts if is_text else [json.loads(text) for text in texts if text[:1] == "{"]
    options = resolve_options(spec, Sample(example.name, records), Options(log_began=OPTIONS.log_began))

    def rows_of(groups):
        return _rows(project, format_id, groups, options)

    original = rows_of([records])[0]
    mutants = _mutants_of_lines(spec, records) if is_text else _mutants_of_records(records, rows_of, original)
    found = rows_of([mutant for _, mutant in mutants])
    unnoticed = [pair for (pair, _), rows in zip(mutants, found, strict=True) if rows == original]
    assert mutants
    assert unnoticed == [], f"fields that the sample does not tell apart: {unnoticed}"
