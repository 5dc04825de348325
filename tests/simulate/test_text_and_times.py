"""The text grammar, the vocabularies and the arrival processes."""

import statistics
from random import Random

import pytest

from distilforensics.simulate import text
from distilforensics.simulate.arrivals import (
    LEISURE_HOURS,
    OFFICE_HOURS,
    Rhythm,
    cycle_times,
    in_time_order,
    poisson,
    thinking_gap,
)
from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS, Account, Client, Exchange, Request, Sampling
from distilforensics.simulate.grammar import Grammar, load_vocabulary
from distilforensics.simulate.serving import LARGE, Call, Reliability, Service

BOUND = {"topic": "it", "thing": "it", "task": "it", "handle": "u1", "organization": "Alder Foods"}


def test_rules_expand_slots_bound_values_and_capitals():
    """A bound value wins over a rule; a capital slot raises the first letter."""
    grammar = Grammar({"who": ["the cat"], "line": ["«Who» saw «what»."], "what": ["a bird"]})
    assert grammar.expand(Random(1), "line") == "The cat saw a bird."
    assert grammar.expand(Random(1), "line", {"what": "itself"}) == "The cat saw itself."
    assert grammar.fill(Random(1), "<b>«who»</b>") == "<b>the cat</b>"


def test_an_unknown_slot_is_an_error():
    """A misspelt slot must not reach a log."""
    with pytest.raises(KeyError, match="whom"):
        Grammar({"line": ["«Whom»?"]}).expand(Random(1), "line")


def grammars():
    """Every grammar of the vocabulary files with the names of its rules."""
    for language in text.ALL_LANGUAGES:
        vocabulary = load_vocabulary(language)
        yield language, text.answer_grammar(language), [*vocabulary["rules"], *vocabulary["answers"]]
    for job, rules in load_vocabulary("jobs").items():
        yield job, text.job_grammar(job), list(rules)
    harvest = load_vocabulary("harvest")
    yield "harvest", text.harvest_grammar(), [*harvest["rules"], *harvest["domains"]]


@pytest.mark.parametrize(
    ("name", "grammar", "rules"), list(grammars()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_rule_of_every_vocabulary_expands_completely(name, grammar, rules):
    """No slot is left over, whatever alternative is drawn."""
    rng = Random(name)
    for rule in rules:
        assert not any("«" in grammar.expand(rng, rule, BOUND) for _ in range(60))


def test_every_frame_carries_its_task():
    """Each frame has at least two revisions with a place for the task."""
    for revisions in load_vocabulary("harvest")["frames"].values():
        assert len(revisions) >= 2
        assert all(revision.count("«task»") == 1 for revision in revisions)
    assert len(load_vocabulary("harvest")["domains"]) >= 30


@pytest.mark.parametrize("language", text.ALL_LANGUAGES)
def test_people_of_every_language_ask_follow_up_and_are_answered(language):
    """Texts are not empty, and two people hardly ever write the same."""
    questions = []
    for number in range(60):
        rng = Random(f"{language}/{number}")
        voice = text.make_voice(rng, language)
        topic = text.choose_topic(rng, voice)
        questions.append(text.question(rng, voice, topic))
        assert text.follow_up(rng, voice, topic).strip()
        assert text.answer(rng, topic).strip()
    assert len(set(questions)) > 45


def test_answer_length_is_a_factor():
    """Half the factor, clearly shorter answers."""
    topic = text.Topic("en", "plain", "bread")
    long, short = ([len(text.answer(Random(i), topic, length=factor)) for i in range(200)] for factor in (1.0, 0.3))
    assert statistics.fmean(short) < 0.5 * statistics.fmean(long)


def test_tokens_count_scripts_differently():
    """Four Latin letters or one and a half Chinese characters make a token."""
    assert text.count_tokens("abcd" * 100) == 101
    assert 60 <= text.count_tokens("光合" * 50) <= 70
    assert text.count_tokens("") == 1


def test_poisson_variates_have_their_mean_and_variance():
    """Small and large means, the latter by approximation."""
    rng = Random("poisson")
    for mean in (0.3, 4.0, 120.0):
        values = [poisson(rng, mean) for _ in range(3000)]
        assert statistics.fmean(values) == pytest.approx(mean, rel=0.08)
        assert statistics.pvariance(values) == pytest.approx(mean, rel=0.12)
    assert poisson(rng, 0) == 0


def test_sessions_fall_into_the_hours_of_the_persons_own_day():
    """Office hours of Tokyo are the night of UTC; week-ends are quiet; sessions are sorted and inside of the day."""
    monday = (20_514 - 20_514 % 7 + 4) * DAY
    rhythm = Rhythm(40.0, OFFICE_HOURS, 0.0, 9)
    starts = rhythm.sessions(Random(1), monday)
    assert starts == sorted(starts)
    assert all(monday <= start < monday + DAY for start in starts)
    night = sum((start % DAY) // HOUR in (23, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) for start in starts)
    assert night > 0.85 * len(starts)
    assert rhythm.sessions(Random(1), monday + 5 * DAY) == []


def test_a_stream_follows_its_hours_and_its_count():
    """The number is right on average, and quiet hours are quiet."""
    times = cycle_times(Random(1), 0, 10 * DAY, 5000, LEISURE_HOURS, 0)
    assert times == sorted(times)
    assert len(times) == pytest.approx(5000, rel=0.06)
    assert not any((time % DAY) // HOUR in (2, 3, 4, 5) for time in times)


def test_pauses_between_messages_are_minutes_with_a_long_tail():
    """Median near 75 seconds, one in fifty above eight minutes."""
    gaps = sorted(thinking_gap(Random(i)) / MICROSECONDS for i in range(2000))
    assert 60 < gaps[1000] < 90
    assert gaps[1960] > 480


ACCOUNT = Account("acct_1", "individual", "generic_csv", 0, "mail.example", "free", "key")


def exchange(service, at, number=0, *, answer="yes", sampling=None, messages=(("user", "hello"),)):
    """Return one served call."""
    request = Request(LARGE, messages, sampling or Sampling())
    return service.serve(Random(number), Call(number, at, ACCOUNT, Client("192.0.2.1", "node"), request, answer))


def test_what_runs_past_midnight_waits_for_its_turn():
    """The merged stream is in order although a session of the first day ends in the second."""
    service = Service(Reliability(0.0, 0.0))
    late, early, next_day = exchange(service, DAY + 5, 0), exchange(service, DAY - 5, 1), exchange(service, DAY + 2, 2)
    ordered = list(in_time_order([(DAY, [late, early]), (2 * DAY, [next_day])]))
    assert [each.started_at for each in ordered] == [DAY - 5, DAY + 2, DAY + 5]


def test_a_token_limit_cuts_the_answer_and_says_so():
    """A cut answer ends for reason of length with exactly the limit."""
    cut = exchange(Service(Reliability(0.0, 0.0)), 0, answer="word " * 400, sampling=Sampling(max_tokens=50))
    assert (cut.output_tokens, cut.finish_reason, len(cut.answer)) == (50, "length", 200)


def test_failures_come_at_their_share_and_carry_nothing():
    """Limit errors and faults replace the answer."""
    service = Service(Reliability(limited_share=0.3, fault_share=0.2))
    served = [exchange(service, 0, number) for number in range(2000)]
    shares = [
        sum(each.status == 429 for each in served) / 2000,
        sum(each.status not in (200, 429) for each in served) / 2000,
    ]
    assert shares == pytest.approx([0.3, 0.2], abs=0.03)
    assert all(
        each.answer == "" and each.output_tokens == 0 and each.first_token_at is None
        for each in served
        if each.status != 200
    )


def test_long_histories_are_read_from_cache():
    """Only repeated input counts as cached, in whole blocks, and never more than the input."""
    service = Service(Reliability(0.0, 0.0))
    history = (("user", "a" * 4000), ("assistant", "b" * 4000), ("user", "c"))
    again, first = exchange(service, 0, messages=history), exchange(service, 0, messages=history[:1])
    assert again.cached_tokens % 128 == 0
    assert 1024 <= again.cached_tokens < again.input_tokens
    assert first.cached_tokens == 0


def test_exchanges_compare_by_time_account_and_number_alone():
    """Merging never has to compare texts."""
    service = Service(Reliability(0.0, 0.0))
    assert (
        min([exchange(service, 5, 1), exchange(service, 5, 0), exchange(service, 4, 2)], key=lambda each: each).number
        == 2
    )
    assert isinstance(exchange(service, 5), Exchange)
