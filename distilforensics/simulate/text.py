"""What people write and what models answer, in a dozen languages.

Independent writers differ in language, interests, opening words, case and care, so that long common beginnings between strangers stay rare,
as they are in real prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from distilforensics.simulate.grammar import Grammar, load_vocabulary

if TYPE_CHECKING:
    from random import Random

LANGUAGES = ("en", "de", "fr", "es", "pt", "zh", "ja")
ALL_LANGUAGES = (*LANGUAGES, "it", "nl", "ru", "ko", "tr")
"""The customers of a large relay write in at least a dozen languages, others in `LANGUAGES`."""
_SPACELESS = frozenset({"zh", "ja"})
_CODE_SUBJECTS = frozenset({"code", "operations"})
_DATA_SUBJECTS = frozenset({"data"})
_ANSWER_MEDIAN_CHARS = 420
_ANSWER_SIGMA = 0.75
_ANSWER_MAX_CHARS = 2600
_BEGINNING_CHARS = 10
_VARYING_SHARE = 0.85
"""Probability that an answer avoids a sentence that begins like an earlier one."""
_PASTING_SHARE = 0.08
"""Share of first messages that carry a longer passage."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What one conversation is about."""

    language: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Voice:
    """How one person writes: language, interests and habits."""

    language: str
    subjects: tuple[str, ...]
    opening: str
    closing: str
    is_lower_case: bool
    typo_share: float
    chat_share: float


@cache
def question_grammar(language: str) -> Grammar:
    """Return the grammar of what people write in `language`."""
    return Grammar(load_vocabulary(language)["rules"])


@cache
def answer_grammar(language: str) -> Grammar:
    """Return the grammar of answers in `language`."""
    vocabulary = load_vocabulary(language)
    return Grammar(vocabulary["rules"], vocabulary["answers"])


@cache
def job_grammar(job: str) -> Grammar:
    """Return the grammar of the program `job` of `data/jobs.toml`."""
    english = load_vocabulary("en")
    return Grammar(english["rules"], english["answers"], load_vocabulary("jobs")[job])


@cache
def harvest_grammar() -> Grammar:
    """Return the grammar of the tasks that a pool asks for; each domain is a rule."""
    vocabulary = load_vocabulary("harvest")
    return Grammar(load_vocabulary("en")["rules"], vocabulary["rules"], vocabulary["domains"])


@cache
def variant_grammar(part: str) -> Grammar:
    """Return the grammar of requests that are worded anew each time: the table `part` of `data/harvest.toml`."""
    vocabulary = load_vocabulary("harvest")
    return Grammar(load_vocabulary("en")["rules"], vocabulary["rules"], vocabulary["domains"], vocabulary[part])


def make_voice(rng: Random, language: str, *, technical_share: float = 0.25) -> Voice:
    """Return a person's way of writing."""
    grammar = question_grammar(language)
    subjects = list(load_vocabulary(language)["things"])
    rng.shuffle(subjects)
    chosen = subjects[: rng.randint(2, 4)]
    if language == "en" and rng.random() < technical_share:
        chosen = ["code", "operations", *chosen[:1]]
    return Voice(
        language=language,
        subjects=tuple(chosen),
        opening=grammar.expand(rng, "opening"),
        closing=grammar.expand(rng, "closing"),
        is_lower_case=rng.random() < 0.3,
        typo_share=rng.choice((0.0, 0.0, 0.0, 0.2, 0.4)),
        chat_share=rng.choice((0.0, 0.05, 0.1, 0.3)),
    )


def choose_topic(rng: Random, voice: Voice) -> Topic:
    """Return what the next conversation of `voice` is about."""
    grammar = question_grammar(voice.language)
    if rng.random() < voice.chat_share:
        return Topic(voice.language, "chat", "")
    subject = rng.choice(voice.subjects)
    thing = rng.choice(load_vocabulary(voice.language)["things"][subject])
    kind = (
        "code"
        if subject in _CODE_SUBJECTS and rng.random() < 0.7
        else "data"
        if subject in _DATA_SUBJECTS and rng.random() < 0.5
        else "plain"
    )
    return Topic(voice.language, kind, grammar.expand(rng, "topic_form", {"thing": thing}))


def question(rng: Random, voice: Voice, topic: Topic) -> str:
    """Return the first message of a conversation."""
    grammar = question_grammar(voice.language)
    bound = {"topic": topic.name}
    if topic.kind == "chat":
        return _styled(rng, voice, grammar.expand(rng, "chat"))
    if topic.kind == "code":
        return voice.opening + grammar.expand(rng, "code_ask", bound | {"code": code_snippet(rng)})
    if topic.kind == "data":
        return voice.opening + grammar.expand(rng, "data_ask", bound)
    gap = "" if voice.language in _SPACELESS else " "
    sentences = [grammar.expand(rng, "ask", bound)]
    pasted = rng.randint(4, 24) if rng.random() < _PASTING_SHARE else 0
    while len(sentences) <= pasted or (rng.random() < 0.4 and len(sentences) < 6):
        sentences.append(answer_grammar(voice.language).expand(rng, "middle", bound))
    text = gap.join(sentences)
    opening = voice.opening if rng.random() < 0.7 else ""
    closing = voice.closing if rng.random() < 0.6 else ""
    return _styled(rng, voice, opening + text + closing)


def follow_up(rng: Random, voice: Voice, topic: Topic) -> str:
    """Return a later message of the same conversation: a stock phrase, two of them, or one with a further question."""
    grammar = question_grammar(voice.language)
    bound = {"topic": topic.name or "it"}
    if topic.kind == "chat":
        return _styled(rng, voice, grammar.expand(rng, "chat" if rng.random() < 0.5 else "follow_up", bound))
    chance = rng.random()
    text = grammar.expand(rng, "code_follow_up" if topic.kind == "code" else "follow_up", bound)
    if chance < 0.25:
        return _styled(rng, voice, text)
    gap = "" if voice.language in _SPACELESS else " "
    if chance < 0.6:
        return _styled(rng, voice, text + gap + grammar.expand(rng, "ask", bound))
    return _styled(rng, voice, grammar.expand(rng, "ask", bound) + gap + text)


def answer(rng: Random, topic: Topic, *, length: float = 1.0) -> str:
    """Return a model's answer on `topic`."""
    grammar = answer_grammar(topic.language)
    bound = {"topic": topic.name or "this"}
    target = min(rng.lognormvariate(0.0, _ANSWER_SIGMA) * _ANSWER_MEDIAN_CHARS, _ANSWER_MAX_CHARS) * length
    if topic.kind == "chat":
        target *= 0.2
    if topic.language in _SPACELESS:
        target *= 0.4
    parts = [grammar.expand(rng, "start", bound)]
    size = len(parts[0])
    if topic.kind == "code":
        parts.append("\n" + grammar.expand(rng, "code_block", bound | {"code": code_snippet(rng)}) + "\n")
        size += len(parts[-1])
    beginnings: set[str] = set()
    while size < target:
        sentence = grammar.expand(rng, "middle", bound)
        if sentence[:_BEGINNING_CHARS] in beginnings and rng.random() < _VARYING_SHARE:
            size += 1
            continue
        beginnings.add(sentence[:_BEGINNING_CHARS])
        parts.append(sentence if rng.random() < 0.85 else "\n\n" + sentence)
        size += len(sentence) + 1
    parts.append(grammar.expand(rng, "end", bound))
    gap = "" if topic.language in _SPACELESS else " "
    return gap.join(part for part in parts if part).strip()


def code_snippet(rng: Random) -> str:
    """Return a few lines of code that keep to one noun and one verb."""
    grammar = question_grammar("en")
    words = {name: grammar.expand(rng, name) for name in ("noun_word", "verb_word")}
    return grammar.expand(rng, "code", words)


def count_tokens(text: str) -> int:
    """Return an estimate of the tokens of `text`: about four Latin characters or one and a half others per token."""
    n_bytes = len(text.encode("utf-8"))
    n_wide = (n_bytes - len(text)) // 2
    return max(1, (len(text) - n_wide) // 4 + (2 * n_wide) // 3 + 1)


def _styled(rng: Random, voice: Voice, text: str) -> str:
    if voice.is_lower_case:
        text = text.lower()
    elif voice.language not in _SPACELESS:
        text = text[:1].upper() + text[1:]
    if rng.random() < voice.typo_share and len(text) > 12:
        place = rng.randrange(2, len(text) - 2)
        text = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text
