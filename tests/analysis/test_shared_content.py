"""What prompts share beyond exact beginnings and ends: reworded frames and passages within changing texts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from distilforensics.analysis.frames import FrameRules, united
from distilforensics.case.tables import read_rows
from tests.analysis.test_features import case_of, exchange

if TYPE_CHECKING:
    from pathlib import Path

SLOTS = (
    ("You are", "You act as", "Take the role of"),
    ("an experienced surveyor", "a seasoned surveyor", "a surveyor with long practice"),
    ("who measures every plot twice.", "that checks each plot two times.", "who takes all measures again."),
    ("Your goal is", "Your task is", "You are asked"),
    ("to state what can be built,", "to say which buildings fit,", "to list what fits on the plot,"),
    ("not to sell it.", "and not to advertise.", "rather than to praise it."),
    ("Name each rule", "Quote every rule", "Give all the rules"),
    ("before you conclude.", "and conclude only then.", "ahead of the conclusion."),
)
INSTRUCTION = (
    "Keep a running account of every doubt between square marks, do not leave any of them out, "
    "and put the answer itself on a line of its own at the very end."
)


def words(rng: random.Random, n: int) -> str:
    """Return n invented words."""
    return " ".join("".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(n))


def log(make: Any, n_accounts: int = 20, n_each: int = 12, n_others: int = 60) -> list[dict[str, Any]]:
    """Return exchanges of accounts whose prompts are made by `make`, beside as many accounts with invented words."""
    rng = random.Random(7)
    texts = [(f"pool_{i % n_accounts:02}", make(rng)) for i in range(n_accounts * n_each)]
    texts += [(f"other_{i % n_others:02}", words(rng, 40)) for i in range(n_others * 8)]
    return [exchange(i, account, prompt_text=text) for i, (account, text) in enumerate(texts)]


def templates(root: Path, rows: list[dict[str, Any]], kind: str) -> list[tuple[int, int, str]]:
    """Return accounts, exchanges and text of the templates of a kind."""
    found = [row for row in read_rows(case_of(root, rows), "templates") if row["kind"] == kind]
    return [(row["n_accounts"], row["n_exchanges"], row["template_text"]) for row in found]


def test_a_reworded_frame_is_one_template(tmp_path: Path) -> None:
    """No two prompts begin alike, and nearly all are found to carry one frame."""
    rows = log(lambda rng: " ".join(rng.choice(slot) for slot in SLOTS) + " " + words(rng, 12))
    (found,) = templates(tmp_path / "case", rows, "near")

    assert 20 == found[0]
    assert found[1] >= 0.9 * 240


def test_a_passage_in_changing_prompts_is_one_template_with_its_whole_text(tmp_path: Path) -> None:
    """It stands at the beginning, in the middle or at the end."""
    rows = log(lambda rng: f"{words(rng, rng.randint(0, 40))} {INSTRUCTION} {words(rng, rng.randint(0, 40))}")

    assert [(20, 240, INSTRUCTION.lower())] == templates(tmp_path / "case", rows, "passage")


def test_a_passage_appended_to_different_system_prompts_is_found(tmp_path: Path) -> None:
    """The beginning of the system prompt identifies the product, not the addition."""
    rng = random.Random(8)
    products = [words(rng, 60) for _ in range(5)]
    rows = log(lambda rng: words(rng, 30))
    for i, row in enumerate(rows[:240]):
        row["system_text"] = f"{products[i % 5]} {INSTRUCTION}"

    assert [(20, 240)] == [found[:2] for found in templates(tmp_path / "case", rows, "passage")]


def test_what_is_a_prefix_already_is_no_second_template(tmp_path: Path) -> None:
    """A fixed beginning is said once."""
    rows = log(lambda rng: f"{INSTRUCTION} {words(rng, 30)}")
    root = tmp_path / "case"

    assert [] == templates(root / "near", rows, "near")
    assert [] == templates(root / "passage", rows, "passage")


def test_what_nine_accounts_share_is_no_group(tmp_path: Path) -> None:
    """The floor of a group."""
    rows = log(lambda rng: f"{words(rng, 10)} {INSTRUCTION} {words(rng, 10)}", n_accounts=9)

    assert [] == templates(tmp_path / "case", rows, "passage")


def test_a_quotation_that_everybody_sends_once_is_no_passage(tmp_path: Path) -> None:
    """A class that asks about the same paragraph sends it once each."""
    rows = log(lambda rng: f"{words(rng, 10)} {INSTRUCTION} {words(rng, 10)}", n_accounts=40, n_each=1)

    assert [] == templates(tmp_path / "case", rows, "passage")


def test_what_most_of_the_log_sends_is_no_passage(tmp_path: Path) -> None:
    """A product's text is popular, not shared."""
    rows = log(lambda rng: f"{words(rng, 10)} {INSTRUCTION} {words(rng, 10)}", n_accounts=70, n_others=60)

    assert [] == templates(tmp_path / "case", rows, "passage")


def test_unrelated_prompts_are_not_chained(tmp_path: Path) -> None:
    """Every prompt takes half of its wording from the one before and half from the next, and no frame holds all."""
    rng = random.Random(9)
    pieces = [words(rng, 12) for _ in range(200)]
    rows = log(lambda rng: (lambda i: f"{pieces[i]} {pieces[i + 1]} {words(rng, 4)}")(rng.randrange(199)), n_each=40)

    assert all(n_exchanges <= 800 / 10 for _, n_exchanges, _ in templates(tmp_path / "case", rows, "near"))


def frames_of(groups: list[tuple[list[str], int]]) -> list[dict[str, Any]]:
    """Return exchanges of accounts, each with one frame of its own per group of accounts, beside accounts with invented words."""
    rng = random.Random(11)
    texts = []
    for accounts, n_frames in groups:
        for _ in range(n_frames):
            slots = [[f"{words(rng, 3)}" for _ in range(3)] for _ in range(8)]
            texts += [
                (account, " ".join(rng.choice(slot) for slot in slots) + " " + words(rng, 10))
                for account in accounts
                for _ in range(6)
            ]
    texts += [(f"other_{i % 60:02}", words(rng, 40)) for i in range(480)]
    return [exchange(i, account, prompt_text=text) for i, (account, text) in enumerate(texts)]


def test_frames_that_mostly_the_same_accounts_send_are_one_template(tmp_path: Path) -> None:
    """Two frames of twelve accounts and eight of these with others: half of all their accounts is the rule."""
    pool = [f"pool_{i:02}" for i in range(20)]

    same = templates(tmp_path / "same", frames_of([(pool[:12], 1), (pool[4:16], 1)]), "near")
    assert [16] == [n_accounts for n_accounts, _, _ in same]

    other = templates(tmp_path / "other", frames_of([(pool[:12], 1), (pool[5:17], 1)]), "near")
    assert [12, 12] == [n_accounts for n_accounts, _, _ in other]


def united_frames(*holders: range) -> list[int]:
    """Return which frame each of the frames of these accounts is one with."""
    rules = FrameRules(10, 5, 12000, 0.05, 0.8, 0.5, 20000)
    frames = np.repeat(np.arange(len(holders)), [len(held) for held in holders])
    return united(frames, np.concatenate([np.array(held, np.int64) for held in holders]), len(holders), rules).tolist()


def test_frames_are_united_around_the_one_of_most_accounts_and_not_in_a_chain() -> None:
    """Half of all accounts of two frames is the rule, and ten accounts the floor; of equal frames the first one is the centre."""
    assert [0, 0, 2] == united_frames(range(12), range(4, 16), range(8, 20))
    assert [1, 1, 1] == united_frames(range(12), range(2, 18), range(8, 20))
    assert [0, 1] == united_frames(range(12), range(5, 17))
    assert [0, 1] == united_frames(range(9), range(9))
    assert [0, 1, 0] == united_frames(range(10), range(0), range(10))
