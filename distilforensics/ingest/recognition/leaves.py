"""Every place in sampled records that holds a value, with what its values look like."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from distilforensics.core.text import show
from distilforensics.ingest.catalogue.mapping import STEP
from distilforensics.ingest.catalogue.notations import TIME_FORMATS, is_written
from distilforensics.ingest.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LEAVES = 400
"""Places listed; records whose keys are data have no end of them."""

MAX_DEPTH = 6
MAX_PATH_CHARS = 500
"""Characters of a path: a long name stands in the path of everything below it."""

SHOWN_CHARS = 40
"""Characters shown of a value."""

SECRET_CHARS = 4
"""Characters shown of a value whose field is named like a secret."""

FEW_VALUES = 5
"""Different values up to which all are shown."""

_SECRETS = Secrets(b"")
_REPLACED = re.compile(r"hmac:[0-9a-f]{64}")
_SECRET_NAME = re.compile(r"(?i)key|secret|token|passw|credential|authorization|cookie|signature")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USUAL_TIME = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?([T ]\d\d?:\d\d.*)?|\d\d/[A-Z][a-z]{2}/\d{4}:.*")
_PROGRAM = re.compile(r"Mozilla/\d.*|[A-Za-z][\w.+-]*( [A-Za-z][\w.+-]*)*/v?\d+(\.\d+)+.*")
_MODEL = re.compile(
    r"(?i).*(gpt|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|grok|command-r|phi-\d|nova-|titan|embed|\bo\d-).*"
)
_ID = re.compile(r"[\w@.:+-]{1,128}")
_GROUPED = re.compile(r"[-+]?\d{1,3}([,.' \xa0\u202f\u2019]\d{3})+([.,]\d+)?|[-+]?[$€£]?\d+([.,]\d+)?")
_UNSAFE = set("\\*?\n")
"""Characters of names that a path is not told with."""

_FIRST_EPOCH, _LAST_EPOCH = 1_400_000_000, 2_400_000_000
_NOTHING = frozenset({"", "-", "--", "n/a", "none", "null", "(null)", "nil", "nan", "unknown", "\\n"})


@dataclass
class Leaf:
    """One place: how a mapping file names it, the last parts of its name, and the values found there, which are all there when it is asked."""

    source: str
    names: tuple[str, ...]
    values: list[Any] = field(default_factory=list)

    @cached_property
    def said(self) -> list[Any]:
        """Values other than words for nothing."""
        return [value for value in self.values if not _is_nothing(value)]

    @cached_property
    def texts(self) -> list[str]:
        """The values as texts, those of objects left out."""
        return [str(value) for value in self.said if not isinstance(value, (Mapping, list))]

    @property
    def null_words(self) -> list[str]:
        """Words among values of one kind that are of no kind: what this log writes for no value."""
        texts = self.texts
        if self.kind not in ("number", "time", "address"):
            return []
        return sorted({text for text in texts if not _is_kind(text, self.kind)} - set(_NOTHING))

    @cached_property
    def kind(self) -> str:
        """What most values are: object, list, time, address, program, model, number, flag, id, text, or nothing."""
        said = self.said
        if not said:
            return "nothing"
        if any(isinstance(value, (Mapping, list)) for value in said):
            return "object" if isinstance(said[0], Mapping) else "list"
        texts = self.texts
        for kind in ("flag", "time", "address", "number", "program", "model"):
            if 2 * sum(_is_kind(text, kind) for text in texts) >= len(texts):
                return kind
        return "id" if all(_ID.fullmatch(text) for text in texts) else "text"

    @property
    def example(self) -> str:
        """A sample value that is safe to show: short, on one line, without secrets."""
        return self._shown(self.said[0]) if self.said else "no value"

    @property
    def examples(self) -> str:
        """The values if they are few, otherwise one."""
        distinct = list(dict.fromkeys(self.texts)) if self.kind in ("id", "number", "flag") else []
        is_few = 1 < len(distinct) <= FEW_VALUES and len(self.said) > len(distinct)
        return ", ".join(map(self._shown, distinct)) if is_few else self.example

    def _shown(self, value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        text = show(_REPLACED.sub("(secret)", _SECRETS.in_text(text)))
        limit = SECRET_CHARS if _SECRET_NAME.search(self.names[-1]) and self.kind == "id" else SHOWN_CHARS
        return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def leaves_of(records: Sequence[object]) -> list[Leaf]:
    """Return every place of the records that are objects, at most `MAX_LEAVES`, in the order in which they come."""
    found: dict[str, Leaf] = {}
    for record in records:
        if isinstance(record, Mapping):
            for names, source, value in _places(record):
                if source in found or len(found) < MAX_LEAVES:
                    found.setdefault(source, Leaf(source, names)).values.append(value)
    return list(found.values())


def with_places(records: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, tuple[str, ...]]]:
    """Return records with what lies inside of their fields beside these, and the names on the way to each such place.

    Of too many places those count that most records have, so that no record with many names of its own hides them.
    """
    insides: list[dict[str, Any]] = []
    found: dict[str, tuple[str, ...]] = {}
    n_records = Counter[str]()
    for record in records:
        inside = {}
        for names, source, value in _places(record):
            if len(names) > 1 and (source in found or not ('"' in "".join(names) or _UNSAFE & set(source))):
                inside[source] = value
                found.setdefault(source, names)
        n_records.update(inside.keys())
        insides.append(inside)
    paths = {source: found[source] for source, _ in n_records.most_common(MAX_LEAVES)}
    wide = [
        {**{source: value for source, value in inside.items() if source in paths}, **record}
        for inside, record in zip(insides, records, strict=True)
    ]
    return wide, paths


def _places(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Yield every place of a record and everything below it: names, how a mapping names it, value; text that holds an object counts as one."""
    for key, value in record.items():
        if len(str(key)) <= MAX_PATH_CHARS:
            yield from _below(value, str(key), f"${_step(str(key))}", (str(key),))


def _below(value: object, source: str, path: str, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    said = decoded(value)
    inner = value if said is None else said
    yield names, source, inner
    if isinstance(inner, Mapping) and len(names) < MAX_DEPTH:
        for key, below in inner.items():
            down = f"{path if said is None else f'{source}{STEP}$'}{_step(str(key))}"
            if len(down) <= MAX_PATH_CHARS:
                yield from _below(below, down, down, (*names, str(key)))


def _step(key: str) -> str:
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f'."{key}"'


def decoded(value: object) -> Mapping[str, Any] | None:
    """Return the object that a text is; None if it is none."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def _is_kind(text: str, kind: str) -> bool:
    text = text.strip()
    if kind == "flag":
        return text.lower() in ("true", "false")
    if kind == "time":
        return is_time(text)
    if kind == "address":
        return _is_address(text)
    if kind == "number":
        return _GROUPED.fullmatch(text) is not None
    pattern = _PROGRAM if kind == "program" else _MODEL
    return len(text) <= 300 and "\n" not in text and pattern.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Tell whether a text looks like a time in any notation that is known."""
    if _USUAL_TIME.fullmatch(text) or (len(text) < 40 and any(is_written(text, notation) for notation in TIME_FORMATS)):
        return True
    try:
        number = float(text)
    except ValueError:
        return False
    return any(_FIRST_EPOCH < number / factor < _LAST_EPOCH for factor in (1, 1e3, 1e6, 1e9))


def _is_address(text: str) -> bool:
    if text.count(".") != 3 and ":" not in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
