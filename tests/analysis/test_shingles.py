"""Fingerprints: passages that survive what stands around them, and the sketch of the wording at the edges."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from distilforensics.analysis import shingles

ENGLISH = (
    "Before answering, write down your whole line of thought between note marks, keep every intermediate step "
    "and do not shorten any of them, whatever the reader may say."
)
CHINESE = "在回答之前,请把你的全部想法写在笔记标签之间,保留每一个中间步骤,无论读者说什么都不要缩短其中任何一步,然后再给出最后的答案。"
RUSSIAN = (
    "Прежде чем ответить, запиши все свои мысли между пометками, сохрани каждый промежуточный шаг и ничего не сокращай."
)


def words(rng: random.Random, n: int) -> str:
    """Return n invented words."""
    return " ".join("".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(n))


@pytest.mark.parametrize("passage", [ENGLISH, CHINESE, RUSSIAN])
def test_a_passage_is_found_wherever_it_stands(passage: str) -> None:
    """Texts around it differ in length and content, in languages with and without spaces."""
    rng = random.Random(1)
    texts = [f"{words(rng, rng.randint(0, 60))} {passage} {words(rng, rng.randint(0, 60))}" for _ in range(40)]

    assert set.intersection(*map(set, shingles.passages(pa.array(texts)).to_pylist()))


@pytest.mark.parametrize(
    "noisy",
    [
        ENGLISH.replace("whole", "wh\u200bole"),
        ENGLISH.replace(" write", "\u2060 write"),
        ENGLISH.replace(" line", "\n\t line"),
        ENGLISH.upper(),
        f"\ufeff{ENGLISH}",
        ENGLISH.replace("shorten", "sho\u00adrten"),
    ],
)
def test_noise_that_nobody_reads_changes_nothing(noisy: str) -> None:
    """Invisible characters, white space and case are no difference."""
    clean, other = shingles.passages(pa.array([ENGLISH, noisy])).to_pylist()

    assert clean == other


def test_a_truncation_marker_belongs_to_no_passage() -> None:
    """Both sides of the cut are fingerprinted apart; the marker of one gateway does not make all cut texts alike."""
    marker = "... (litellm_truncated skipped 900 chars. Truncation is a safeguard of the database, full data is elsewhere) ..."
    rng = random.Random(2)
    one, two = (
        set(shingles.passages(pa.array([f"{words(rng, 40)} {marker} {words(rng, 40)}"])).to_pylist()[0]) for _ in "ab"
    )
    left = words(rng, 30)
    cut, whole = (
        set(shingles.passages(pa.array([text])).to_pylist()[0]) for text in (f"{left}{marker}{ENGLISH}", ENGLISH)
    )

    assert not one & two
    assert whole <= cut


def test_fingerprints_of_a_text_do_not_depend_on_its_neighbours() -> None:
    """What is hashed together is an accident of batches."""
    rng = random.Random(3)
    texts = [words(rng, rng.randint(0, 400)) for _ in range(60)]
    texts += [f"{'Ä' * (n % 2)}{words(rng, 40)} [truncated" for n in range(4)] + [f"rest] {words(rng, 40)}"] * 2
    rng.shuffle(texts)

    for function in (shingles.passages, shingles.wording, shingles.first_passage, shingles.last_passage):
        assert [function(pa.array([text])).to_pylist()[0] for text in texts] == function(pa.array(texts)).to_pylist()


def test_texts_that_repeat_have_the_fingerprints_of_each_alone() -> None:
    """Equal texts are read once, missing ones among them stay missing."""
    texts = [ENGLISH, None, ENGLISH[:200], ENGLISH, "", None, ENGLISH[:200], ENGLISH, ""]

    for function in (shingles.passages, shingles.wording):
        alone = [function(pa.array([text], pa.string())).to_pylist()[0] for text in texts]
        assert alone == function(pa.array(texts, pa.string())).to_pylist()
        assert alone[1] is None
        assert alone[0]


def test_fingerprints_are_the_same_in_every_version() -> None:
    """They stand in tables that are compared between cases."""
    assert ([18140680340749612], 1, 31) == (
        shingles.passages(pa.array([ENGLISH])).to_pylist()[0][:1],
        len(shingles.passages(pa.array([ENGLISH[:60]])).to_pylist()[0]),
        len(shingles.wording(pa.array([ENGLISH * 3])).to_pylist()[0]),
    )


def test_an_encoded_block_is_one_mark() -> None:
    """Two requests around different blocks share the words around them, and nothing of the blocks."""
    rng = random.Random(6)
    blocks = ["\n".join("".join(rng.choices("ABCdefgh0123-_", k=76)) for _ in range(6)) for _ in "ab"]
    one, two = shingles.passages(pa.array([f"{ENGLISH}\n\n{block}\n{ENGLISH[:90]}" for block in blocks])).to_pylist()

    assert one == two


def test_missing_and_short_texts_have_no_fingerprints() -> None:
    """NULL where there is no text, nothing where there is too little of it."""
    texts = pa.array([None, "", "too short", "a" * 47], pa.string())

    assert [None, [], [], []] == shingles.passages(texts).to_pylist()
    assert [None, [], [], []] == shingles.wording(texts).to_pylist()
    assert [None] * 4 == shingles.first_passage(texts).to_pylist()


def test_the_number_of_passages_is_bounded() -> None:
    """A text of a megabyte has no more of them than one of a few pages."""
    text = words(random.Random(4), 100_000)

    assert shingles.MAX_PASSAGES == len(shingles.passages(pa.array([text])).to_pylist()[0])


def test_reworded_texts_agree_more_than_unrelated_ones() -> None:
    """The share of equal parts estimates the share of common wording."""
    rng = random.Random(5)
    reworded = ENGLISH.replace("write down", "put down").replace("whole", "full").replace("shorten", "cut")
    one, two, unrelated = (
        set(sketch) for sketch in shingles.wording(pa.array([ENGLISH, reworded, words(rng, 30)])).to_pylist()
    )

    assert len(one & two) >= 10
    assert len(one & unrelated) <= 1


def test_the_common_passage_is_the_longest_run_around_a_hash() -> None:
    """It is what an investigator reads as the template's text."""
    one, two = f"first of all. {ENGLISH} one", f"something else! {ENGLISH} two"
    wanted = sorted(
        set(shingles.passages(pa.array([one])).to_pylist()[0]) & set(shingles.passages(pa.array([two])).to_pylist()[0])
    )
    found = shingles.common_passage(
        pa.array([one, one]), pa.array([two, "unrelated"]), pa.array([wanted[0], wanted[0]])
    )

    assert [ENGLISH.lower(), None] == found.to_pylist()
