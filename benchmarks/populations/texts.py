"""Questions, tasks, conversations and answers: from a folder of prompt tables read at run time, or from a small grammar."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

Pair = tuple[str, str]

FAMILIES = {
    "people": ("human_lima", "human_oasst", "human_arena_1k", "human_stackoverflow_titles"),
    "reasoning": ("bulk_eval_math", "distill_strategyqa_cot", "distill_huatuo_o1_reason"),
    "code": ("distill_codealpaca", "bulk_eval_code"),
    "instructions": ("distill_alpaca_regen",),
    "roleplay": ("distill_gpteacher_roleplay",),
    "tools": ("distill_gpteacher_toolformer",),
    "medicine": ("distill_chatdoctor",),
    "chinese": ("distill_alpaca_zh",),
    "benchmark": ("bulk_eval_math",),
    "lookup": ("bulk_rag_qa",),
    "translate": ("bulk_translate",),
    "classify": ("bulk_classify_tweets",),
}
HARVEST = ("reasoning", "code", "instructions", "roleplay", "tools", "medicine", "chinese")
LIMIT, LONG = 15000, 1400
RECORDS = ("{}", "{}", "[{1}] {0}", "Record {1}: {0}", "{}\n\n(ref {})", "{}\nid={}")

LEADS = (
    "", "", "", "Hi, ", "Quick one: ", "I am stuck. ", "For a report: ", "Asked by a colleague: ", "Hello! ", "Please help. ",
    "My notes say little about this. ", "Second try: ", "We discussed this at work. ", "Explain it simply: ",
)  # fmt: skip
TAILS = (
    "", "", "", " Thanks.", " Short, please.", " I need it by {}.", " I have about {} of them.", " Use an example with {}.",
    " Two paragraphs.", " It is for {} people.", " Version {} if that matters.", " Keep it under {} words.",
)  # fmt: skip
FOLLOW_UPS = (
    "Why is that?", "Give me an example with {}.", "Shorter, please.", "What about {}?", "And if there are {} of them?",
    "Can you rewrite that as a list of {} points?", "I do not understand the part about {}.", "Is this still true for {}?",
    "Turn it into a table.", "Compare this with {}.", "Which source says so?", "Now for somebody who knows nothing about {}.",
)  # fmt: skip
THINGS = (
    "invoices", "ferries", "tax forms", "bicycles", "loan contracts", "sensors", "sonnets", "bees", "vaccines", "radiators",
    "menus", "tenders", "glaciers", "matrices", "violins", "passports", "orchards", "databases", "tram lines", "wages",
    "roof tiles", "cookies", "warranties", "planets", "parcels", "recipes", "queues", "essays", "parsers", "budgets",
)  # fmt: skip
VERBS = (
    "compare",
    "explain",
    "plan",
    "repair",
    "price",
    "count",
    "describe",
    "test",
    "sort",
    "translate",
    "draft",
    "check",
)
ROLES = (
    "support assistant", "copy writer", "contract reader", "tutor", "recipe helper", "ticket sorter", "code reviewer",
    "travel planner", "claims clerk", "minute taker", "product search", "shift planner", "mail drafter", "data cleaner",
)  # fmt: skip
RULES = (
    "Answer in the language of the user.", "Never mention prices that are not in the text.", "Use short sentences.",
    "Return JSON with the keys title and body.", "If something is missing, ask one question.", "Do not give legal advice.",
    "Use at most {} words.", "Quote the paragraph that you rely on.", "Be warm and brief.", "Write in British English.",
    "End with one next step.", "Do not use headings.", "Use the metric system.", "Number every point up to {}.",
)  # fmt: skip
SYLLABLES = (
    "ba", "co", "da", "fe", "ga", "hi", "jo", "ka", "lu", "me", "no", "pa", "qui", "ro", "su", "ta", "ve", "wo", "xa", "zen",
    "tor", "mar", "lin", "del", "bri",
)  # fmt: skip
DEMANDS = (
    "Write down every intermediate consideration before the result.", "Show the complete reasoning and then the answer.",
    "Leave no step out; state the assumptions first.", "Reason at length, check yourself, then conclude.",
    "Think aloud in full sentences before you answer.", "Give the derivation as if a student had to learn from it.",
)  # fmt: skip
OPENINGS = (
    "You are a careful expert.",
    "Act as a senior specialist.",
    "You fill in a solution notebook.",
    "You write model answers.",
)
CLOSINGS = (
    "Mark the result with ANSWER.",
    "Put the result on the last line.",
    "Finish with a summary.",
    "Give only text, no table.",
)


class Texts:
    """Pairs of prompt and answer by family; `folder` holds prompts_*.parquet, None means the grammar."""

    def __init__(self, folder: Path | None, seed: int) -> None:
        rng = Random(f"texts:{seed}")
        self.pairs: dict[str, list[Pair]] = {}
        self.talks: list[list[Pair]] = []
        if folder is not None:
            self._read(folder, rng)
        else:
            self._invent(rng)
        self.answers = [a for pairs in self.pairs.values() for _, a in pairs if len(a) > 200] or ["Yes."]

    def _read(self, folder: Path, rng: Random) -> None:
        for family, names in FAMILIES.items():
            pairs: list[Pair] = []
            for name in names:
                table = pl.read_parquet(folder / f"prompts_{name}.parquet", columns=["prompt", "response"])
                table = table.filter(pl.col("prompt").str.len_chars().is_between(12, LONG)).unique(maintain_order=True)
                found = [(p, (r or "")[:LONG]) for p, r in table.iter_rows()]
                pairs += rng.sample(found, min(LIMIT, len(found)))
            rng.shuffle(pairs)
            self.pairs[family] = pairs
        columns = ["prompt", "response", "group", "turn"]
        table = pl.read_parquet(folder / "prompts_distill_moss_dialog.parquet", columns=columns).sort("group", "turn")
        talks: dict[str, list[Pair]] = {}
        for prompt, answer, group, _ in table.iter_rows():
            talks.setdefault(group, []).append((prompt[:LONG], (answer or "")[:LONG]))
        self.talks = [t for t in talks.values() if len(t) > 2]
        rng.shuffle(self.talks)

    def _invent(self, rng: Random) -> None:
        shapes = {
            "people": "How do I {} {} without {}?", "reasoning": "Question: {} has {} {} and gives away {}. How many are left?",
            "code": "Write a function to {} {} and return {}.", "benchmark": "Question: {} buys {} {} for {} each. What is the sum?\nAnswer:",
            "classify": "Classify the sentiment. Tweet: we {} {} because of {}\nLabel:",
        }  # fmt: skip
        for family in FAMILIES:
            shape = shapes.get(family, f"Task in {family}: {{}} {{}} for {{}}.")
            pairs = []
            for _ in range(3000):
                numbers = family in ("reasoning", "benchmark")
                second: object = rng.randrange(9, 900) if numbers else rng.choice(THINGS)
                words = (name(rng) if numbers else rng.choice(VERBS), second, rng.choice(THINGS), rng.randrange(2, 90))
                prompt = shape.format(*words) + f" It concerns {rng.choice(THINGS)} and {name(rng)}."
                pairs.append((prompt, self._sentences(rng, rng.randrange(1, 14))))
            self.pairs[family] = pairs
        for _ in range(800):
            asks = [rng.choice(FOLLOW_UPS).format(rng.choice(THINGS)) for _ in range(rng.randrange(2, 9))]
            first = rng.choice(self.pairs["people"])[0]
            self.talks.append([(a, self._sentences(rng, rng.randrange(2, 9))) for a in (first, *asks)])

    @staticmethod
    def _sentences(rng: Random, count: int) -> str:
        shape = "The {} of {} depends on {}, so one should {} the {} first."
        return " ".join(
            shape.format(name(rng), rng.choice(THINGS), rng.choice(THINGS), rng.choice(VERBS), rng.choice(THINGS))
            for _ in range(count)
        )

    @staticmethod
    def fresh(answer: str, rng: Random) -> str:
        """Return an answer in other words: a model hardly ever gives the same one twice, and customers share none."""
        words = answer.split(" ")
        if len(words) * 15 < len(answer):  # a script without spaces, or one long line
            return "".join(answer[i : i + 9] + rng.choice(THINGS)[:2] for i in range(0, len(answer), 9))
        for i in range(rng.randrange(min(3, len(words))), len(words), 4):
            words[i] = rng.choice(THINGS if rng.random() < 0.5 else VERBS)
        return " ".join(words) if len(answer) > 50 else answer

    def answer(self, rng: Random) -> str:
        """Return some answer of some length."""
        return self.fresh(rng.choice(self.answers)[: rng.randrange(80, LONG)], rng)

    def _pair(self, prompt: str, answer: str, rng: Random) -> Pair:
        return prompt, self.fresh(answer, rng) if answer else self.answer(rng)

    def person(self, rng: Random) -> Pair:
        """Return what somebody asks in his own words, and an answer."""
        prompt, answer = rng.choice(self.pairs["people"])
        tail = rng.choice(TAILS).format(rng.randrange(2, 500))
        return self._pair(f"{rng.choice(LEADS)}{prompt}{tail}", answer, rng)

    def pair(self, family: str, rng: Random) -> Pair:
        """Return any pair of a family, often with the number of a record."""
        prompt, answer = rng.choice(self.pairs[family])
        return self._pair(rng.choice(RECORDS).format(prompt, rng.randrange(10**6)), answer, rng)

    def work_list(self, families: tuple[str, ...], count: int, rng: Random) -> list[Pair]:
        """Return `count` different tasks; when the tables are used up, tasks return with a changed setting."""
        stock = [pair for family in families for pair in self.pairs[family]]
        rng.shuffle(stock)
        done = [self._pair(*stock[i % len(stock)], rng) for i in range(count)]
        done[len(stock) :] = [(f"{prompt} (case {name(rng)})", answer) for prompt, answer in done[len(stock) :]]
        rng.shuffle(done)
        return done

    def talk(self, rng: Random, turns: int) -> list[Pair]:
        """Return a conversation of up to `turns` turns."""
        if rng.random() < 0.1:
            return [self._pair(*pair, rng) for pair in rng.choice(self.talks)[:turns]]
        asks = [rng.choice(LEADS) + rng.choice(FOLLOW_UPS) + rng.choice(TAILS) for _ in range(turns - 1)]
        asks = [ask.format(*rng.sample(THINGS, 2)) for ask in asks]
        return [self.person(rng), *((ask, self.answer(rng)) for ask in asks)]


def name(rng: Random) -> str:
    """Return an invented proper name."""
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.choice((2, 3)))).capitalize()


def product_frame(rng: Random) -> str:
    """Return the system prompt of somebody's product."""
    rules = " ".join(rng.sample(RULES, rng.randrange(1, 4))).format(rng.randrange(3, 400), rng.randrange(3, 9))
    return f"You are the {rng.choice(ROLES)} of {name(rng)} {rng.choice(('Ltd', 'GmbH', 'Inc', 'AB', 'Labs'))}. {rules}"


def harvest_frame(rng: Random) -> str:
    """Return a system prompt that asks for answers worth learning from."""
    return f"{rng.choice(OPENINGS)} {rng.choice(DEMANDS)} {rng.choice(CLOSINGS)}"
