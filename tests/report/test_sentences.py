"""Every kind of number in the sentences of the main document is computed again by code that shares nothing with the queries.

The log is taken as rows of the requests that were read; who belongs to a campaign, facts and explanations are taken from the assessment.
A number on a page that nothing here computes fails, so that a new sentence comes with its check.
"""

from __future__ import annotations

import importlib.resources
import random
import re
from collections import Counter, defaultdict
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from math import ceil, floor, sqrt
from statistics import mean, median

import duckdb
import pyarrow as pa
import pytest

from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.tables import read_rows
from distilforensics.report import result
from distilforensics.report.ledger import Ledger, Row, bound, query_file
from distilforensics.report.stage import case_tables

FAILED = ("limited", "error", "blocked")
DRAWN = {"digest", "n_rows"}
"""Columns of what is drawn; `recompute.sql` and the tests of figures check them."""


def nearest(number, digits=0):
    """Return a number rounded half up, as the engine rounds."""
    return floor(number * 10**digits + 0.5) / 10**digits


class _Recount:
    """The numbers of one report, counted again. Methods have the names of queries and return place -> column -> value."""

    def __init__(self, case):
        self.case = case
        self.accounts = {row["account_id"]: row for row in self.table("accounts")}
        self.profiles = {row["account_id"]: row for row in self.table("account_profiles")}
        self.campaigns = {row["campaign_id"]: row for row in self.table("campaigns")}
        self.requests = sorted(self.table("exchange_features"), key=lambda row: (row["started_at"], row["record_id"]))
        self.full = {row["record_id"]: row for row in self.table("exchanges")}
        carried = defaultdict(set)
        for row in self.table("template_exchanges"):
            carried[row["record_id"]].add(row["template_id"])
        self.carried = carried

    def table(self, name):
        return read_rows(self.case, name)

    def members(self, campaign):
        return {name for name, row in self.accounts.items() if row["campaign_id"] == campaign}

    @cached_property
    def outsiders(self):
        return {name for name, row in self.accounts.items() if row["campaign_id"] is None}

    def own(self, campaign):
        """Return the members' requests that carry one of the campaign's templates; all of them if it has none."""
        templates, members = set(self.campaigns[campaign]["templates"] or ()), self.members(campaign)
        return [
            r
            for r in self.requests
            if r["account_id"] in members and (not templates or templates & self.carried[r["record_id"]])
        ]

    def customer(self, name):
        row = self.profiles[name]
        return row["organization"] or row["tenant_id"] or name

    def answer(self, campaign):
        own, members = self.own(campaign), self.members(campaign)
        output, prompts = sum(r["output_tokens"] or 0 for r in own), [r["prompt_hash"] for r in own if r["prompt_hash"]]
        sizes = lambda rows: [r["output_tokens"] for r in rows if r["status"] == "ok" and r["output_tokens"]]  # noqa: E731 - used twice
        return {1: {
            "n_accounts": len(members), "n_requests": len(own), "output_tokens": output, "n_accounts_log": len(self.accounts),
            "n_answered": sum(r["status"] == "ok" for r in own),
            "first_seen": own[0]["started_at"].replace(microsecond=0), "last_seen": own[-1]["started_at"].replace(microsecond=0),
            "output_percent": nearest(100 * output / sum(r["output_tokens"] or 0 for r in self.requests)),
            "accounts_percent": nearest(100 * len(members) / len(self.accounts)),
            "distinct_percent": floor(100 * len(set(prompts)) / len(prompts)), "median_output": median(sizes(own)),
            "median_output_rest": median(sizes(r for r in self.requests if r["account_id"] in self.outsiders)),
            "n_other_requests": sum(r["account_id"] in members for r in self.requests) - len(own),
        }}  # fmt: skip

    def power_reach(self):
        kinds = defaultdict(list)
        for row in self.table("power"):
            kinds[row["is_careful"], row["dilution"], -row["requests_per_day"]].append(row)
        found = {}
        for place, (kind, rows) in enumerate(sorted(kinds.items()), start=1):
            missed = max((row["n_accounts"] for row in rows if not row["is_found"]), default=None)
            seen = [row["n_accounts"] for row in rows if row["is_found"] and row["n_accounts"] > (missed or 0)]
            found[place] = {
                "requests_per_day": -kind[2], "diluted_percent": round(100 * kind[1]), "missed_up_to": missed,
                "largest": max(row["n_accounts"] for row in rows), "found_from": min(seen, default=None),
            }  # fmt: skip
        return found

    def power_totals(self):
        rows = self.table("power")
        return {1: {
            "n_planted": len(rows), "n_found": sum(row["is_found"] for row in rows), "n_innocents": sum(row["n_innocents"] for row in rows),
        }}  # fmt: skip

    def log_totals(self):
        logs = [row for row in self.table("sources") if row["role"] == "log"]
        first, last = self.requests[0]["started_at"], self.requests[-1]["started_at"]
        sums = {
            key: sum(row[key] for row in logs)
            for key in ("n_read", "n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")
        }
        return {1: sums | {
            "n_requests": len(self.full) - len(self.table("duplicates")), "n_accounts": len({r["account_id"] for r in self.full.values()}),
            "n_files": len(logs), "n_days": len({r["started_at"].date() for r in self.requests}),
            "first_seen": first.replace(microsecond=0), "last_seen": last.replace(microsecond=0),
        }}  # fmt: skip

    def log_sources(self):
        groups = defaultdict(list)
        for row in self.table("sources"):
            groups[row["role"] != "log", row["format"]].append(row)
        ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))
        found = {}
        for place, (_, rows) in enumerate(ordered, start=1):
            found[place] = {key: sum(row[key] for row in rows) for key in ("n_read", "n_kept", "n_quarantined")} | {
                "n_files": len(rows)
            }
            hashes = {row["source_sha256"] for row in rows}
            times = [r["started_at"].replace(microsecond=0) for r in self.full.values() if r["source_sha256"] in hashes]
            if times:
                found[place] |= {"first_seen": min(times), "last_seen": max(times)}
        return found

    def handed(self):
        """Return failed requests with the next of the same prompt within the hour, over accounts of different customers."""
        by_prompt = defaultdict(list)
        for row in self.requests:
            if row["prompt_hash"]:
                by_prompt[row["prompt_hash"]].append(row)
        private = [rows for rows in by_prompt.values() if len({row["account_id"] for row in rows}) <= 6]
        return [
            (a, b)
            for rows in private
            for a, b in pairwise(rows)
            if b["started_at"] - a["started_at"] <= timedelta(hours=1)
        ]

    @cached_property
    def named(self):
        """Accounts whose customer the log names."""
        return {
            name for name, p in self.profiles.items() if p["tenant_id"] or p["organization"] or p["payment_fingerprint"]
        }

    def is_one_place(self, a, b):
        """Tell whether two accounts share an address that at most six have, or a mail domain that at most sixty have."""
        holders, mails = defaultdict(set), Counter(p["email_domain"] for p in self.profiles.values())
        for r in self.requests:
            holders[r["client_ip"]].add(r["account_id"])
        ends = {a["account_id"], b["account_id"]}
        mail = {self.profiles[name]["email_domain"] for name in ends}
        return any(ip and ends <= names and len(names) <= 6 for ip, names in holders.items()) or (
            len(mail) == 1 and None not in mail and mails[min(mail)] <= 60
        )

    def is_one_customer(self, a, b):
        keys = ("tenant_id", "organization", "payment_fingerprint")
        return any(self.profiles[a][key] and self.profiles[a][key] == self.profiles[b][key] for key in keys)

    def handover_totals(self, campaign):
        members = self.members(campaign)
        own = [r for r in self.requests if r["account_id"] in members]
        repeated = [(a, b) for a, b in self.handed() if a["account_id"] != b["account_id"]]
        across = [
            (a, b)
            for a, b in repeated
            if a["status"] in FAILED and not self.is_one_customer(a["account_id"], b["account_id"])
        ]
        inside = [(a, b) for a, b in across if {a["account_id"], b["account_id"]} <= members]
        seconds = [(b["started_at"] - a["started_at"]).total_seconds() for a, b in inside]
        named = [
            a["prompt_hash"]
            for a, b in inside
            if {a["account_id"], b["account_id"]} <= self.named and not self.is_one_place(a, b)
        ]
        status = Counter(r["status"] for r in own)
        return {1: {
            "n_failed": sum(status[key] for key in FAILED), "n_limited": status["limited"], "n_errors": status["error"],
            "n_blocked": status["blocked"], "n_answered": sum(r["status"] == "ok" and bool(r["prompt_hash"]) for r in own),
            "n_moved": len({a["prompt_hash"] for a, _ in inside}), "n_distinct": len(set(named)),
            "n_pairs": len({(a["account_id"], b["account_id"]) for a, b in inside}), "n_from": len({a["account_id"] for a, _ in inside}),
            "median_seconds": nearest(median(seconds), 1), "longest_seconds": nearest(max(seconds), 1),
            "n_answered_moved": sum(a["status"] == "ok" and a["account_id"] in members for a, _ in repeated),
            "n_failed_others": sum(r["status"] in FAILED and r["account_id"] in self.outsiders for r in self.requests),
            "n_moved_others": len({a["prompt_hash"] for a, b in across if {a["account_id"], b["account_id"]} <= self.outsiders}),
        }}  # fmt: skip

    def handover_pairs(self, campaign):
        """Each printed pair is a hand-over of the log; which six are printed is a lot."""
        members, cut = self.members(campaign), lambda row: row["started_at"].replace(microsecond=0)
        return [
            {"started_at": cut(a), "next_started_at": cut(b), "delay_seconds": nearest((b["started_at"] - a["started_at"]).total_seconds(), 1)}
            for a, b in self.handed()
            if a["status"] in FAILED and a["account_id"] != b["account_id"] and {a["account_id"], b["account_id"]} <= members
        ]  # fmt: skip

    def taken_samples(self, campaign):
        return [{"started_at": r["started_at"].replace(microsecond=0)} for r in self.own(campaign)]

    def load_totals(self, campaign):
        loads = Counter(r["account_id"] for r in self.own(campaign)).values()
        others = [n for name, n in Counter(r["account_id"] for r in self.requests).items() if name in self.outsiders]
        width = max(1, ceil(0.02 * median(loads)))
        inside, low = max((sum(low <= n <= low + width for n in loads), -low) for low in loads)
        high = max(n for n in loads if -low <= n <= -low + width)
        spread = 2 * sqrt(mean(loads) * (1 - 1 / len(loads)))
        return {1: {
            "n_senders": len(loads), "n_inside": inside, "band_low": -low, "band_high": high, "members_low": min(loads), "members_high": max(loads),
            "chance_low": floor(mean(loads) - spread), "chance_high": ceil(mean(loads) + spread), "n_others": len(others),
            "others_low": min(others), "others_high": max(others), "n_others_inside": sum(-low <= n <= high for n in others),
        }}  # fmt: skip

    def values_of(self, kind):
        """Return account to what it could share with others, and the values that at most so many accounts have as the assessment takes them."""
        rare = defaultdict(set)
        for row in self.table("shared_values"):
            if row["kind"] == kind:
                rare[row["account_id"]].add(row["value"])
        known = {
            "payment": {n for n, p in self.profiles.items() if p["payment_fingerprint"]}, "signup": {n for n, p in self.profiles.items() if p["created_at"]},
            "mail": {n for n, p in self.profiles.items() if p["email_domain"]},
            "network": {r["account_id"] for r in self.requests if r["client_ip"] or r["ip_prefix"]},
        }[kind]  # fmt: skip
        return known, rare

    def ties_totals(self, campaign):
        found, sides = {}, (("members", self.members(campaign)), ("others", self.outsiders))
        for kind in ("payment", "signup", "network", "mail"):
            known, rare = self.values_of(kind)
            if not known & (sides[0][1] | sides[1][1]):
                continue
            row = {}
            for side, names in sides:
                holders = defaultdict(set)
                for name in names:
                    for value in rare[name]:
                        holders[value].add(self.customer(name))
                sharing = {name for name in names & known if any(len(holders[value]) > 1 for value in rare[name])}
                row |= {
                    f"n_{side}": len(names & known),
                    f"n_{side}_shared": len(sharing),
                    f"{side}_percent": nearest(100 * len(sharing) / len(names & known)),
                }
            found[len(found) + 1] = row
        return found

    def taken_models(self, campaign):
        groups, log = defaultdict(list), Counter()
        for r in self.own(campaign):
            groups[r["model"]].append(r)
        for r in self.requests:
            log[r["model"]] += r["output_tokens"] or 0
        total = lambda rows, key: sum(r[key] or 0 for r in rows)  # noqa: E731 - used thrice
        ordered = sorted(groups.items(), key=lambda item: -total(item[1], "output_tokens"))
        return {place: {
            "n_requests": len(rows), "n_answered": sum(r["status"] == "ok" for r in rows), "input_tokens": total(rows, "input_tokens"),
            "output_tokens": total(rows, "output_tokens"), "log_percent": nearest(100 * total(rows, "output_tokens") / log[model]),
        } for place, (model, rows) in enumerate(ordered, start=1)}  # fmt: skip

    def taken_cost(self, campaign):
        costs = [self.full[r["record_id"]]["cost_usd"] for r in self.own(campaign)]
        stated = [cost for cost in costs if cost is not None]
        return {1: {"n_with_cost": len(stated), "cost_usd": nearest(float(sum(stated)), 2)}}

    def taken_marks(self, campaign):
        own = {r["record_id"] for r in self.own(campaign)}
        marked = [r for r in self.requests if r["lexicon_marks"] is not None]
        sides = [[r for r in marked if (r["record_id"] in own) == is_own] for is_own in (True, False)]
        counts = [Counter(mark for r in side for mark in set(r["lexicon_marks"])) for side in sides]
        ordered = sorted(counts[0], key=lambda mark: (-counts[0][mark], mark))
        return {place: {
            "own_percent": nearest(100 * counts[0][mark] / len(sides[0]), 1), "rest_percent": nearest(100 * counts[1][mark] / len(sides[1]), 1),
        } for place, mark in enumerate(ordered, start=1)}  # fmt: skip

    def facts(self, group):
        found = {}
        for row in self.table("campaign_facts"):
            if row["campaign_id"] != group:
                continue
            n_accounts, count = row["n_accounts"], row["value"]
            if row["fact_id"] in ("payment", "signup") and group in self.campaigns:
                n_accounts, count = self.coincidences(self.members(group), row["fact_id"])
            expected = None if row["comparison"] is None else nearest(row["comparison"], 1)
            found[row["place"]] = {
                "bits": nearest(row["weight"], 1),
                "n_accounts": n_accounts,
                "value": count,
                "expected": expected,
            }
        return found

    def coincidences(self, members, kind):
        """Return the members that share a value, and how many customers there are more than such values would need."""
        _, rare = self.values_of(kind)
        holders, accounts = defaultdict(set), defaultdict(set)
        for name in members:
            for value in rare[name]:
                holders[value].add(self.customer(name))
                accounts[value].add(name)
        n_accounts = len({name for names in accounts.values() if len(names) > 1 for name in names})
        parent = {}

        def root(name):
            while parent.setdefault(name, name) != name:
                name = parent[name]
            return name

        n_joined = 0
        for customers in holders.values():
            first, *rest = sorted(customers)
            for other in rest:
                if root(first) != root(other):
                    parent[root(other)] = root(first)
                    n_joined += 1
        return n_accounts, n_joined

    def fact_counts(self, campaign):
        rows = [row for row in self.table("campaign_facts") if row["campaign_id"] == campaign]
        counted = [row for row in rows if row["is_counted"]]
        return {
            1: {
                "n_counted": len(counted),
                "n_telling": sum(row["is_telling"] for row in counted),
                "n_below": len(rows) - len(counted),
            }
        }

    def stability_counts(self, campaign):
        parts = [part.rpartition(": ")[2] for part in self.campaigns[campaign]["grade_without"]]
        return {
            1: {
                "n_left_out": len(parts),
                "n_carrying": sum(part not in ("weak", "moderate", "strong") for part in parts),
            }
        }

    def explanation_counts(self, campaign):
        rows = [row for row in self.table("campaign_explanations") if row["campaign_id"] == campaign]
        return {1: {
            "n_tried": len(rows), "n_can_cap": sum(row["explanation_id"].startswith("operator.") for row in rows),
            **{
                key: sum(row["outcome"] == word for row in rows)
                for key, word in (("n_excluded", "excluded"), ("n_in_part", "in part"), ("n_fits", "fits"), ("n_open", "cannot tell"))
            },
        }}  # fmt: skip

    def explained(self):
        rows = sorted(self.table("explained_groups"), key=lambda row: (-row["n_accounts"], row["group_id"]))
        return {
            place: {"n_accounts": row["n_accounts"], "n_requests": row["n_exchanges"]}
            for place, row in enumerate(rows, start=1)
        }

    def explained_totals(self):
        rows = self.table("explained_groups")
        return {1: {"n_groups": len(rows), "n_accounts": sum(row["n_accounts"] for row in rows)}}

    def test_counts(self):
        """Heuristics by state; named as the query is."""
        states = Counter(row["state"] for row in self.table("heuristic_states"))
        words = {"n_fired": "fired", "n_silent": "silent", "n_small": "inconclusive", "n_missing": "not_evaluated"}
        return {1: {key: states[word] for key, word in words.items()} | {"n_tests": states.total()}}

    def health(self):
        """Return the faults of the log as the checks state them; what each costs is counted from the list of costs."""
        checks, costs = self.table("health_checks"), self.table("health_costs")
        found = [c for c in checks if c["verdict"] == "costs" and c["check_id"] != "missing_columns"]
        rows = []
        for check in found:
            effects = [c["effect"] for c in costs if (c["check_id"], c["part"]) == (check["check_id"], check["part"])]
            n_off = effects.count("is switched off")
            rows.append(
                {"n_affected": check["n_affected"], "n_checked": check["n_checked"], "n_off": n_off, "n_less": len(effects) - n_off}
                | {"n_found": len(found), "n_all": len(checks)}
            )  # fmt: skip
        return rows

    def wording(self, campaign):
        templates = [t for t in self.table("templates") if t["template_id"] in self.campaigns[campaign]["templates"]]
        first = min(templates, key=lambda t: (t["kind"] == "near", -t["n_exchanges"], t["template_id"]))["template_id"]
        carrying = [r for r in self.own(campaign) if first in self.carried[r["record_id"]]]
        return {1: {"n_texts": sum(self.full[r["record_id"]]["prompt_text"] is not None for r in carrying)}}

    def formation(self, campaign):
        first, *rest = [row for row in self.table("candidate_steps") if row["campaign_id"] == campaign]
        rest = {f"n_{key}": sum(len(row[key]) for row in rest) for key in ("added", "removed")} | {
            "n_further": len(rest)
        }
        return {
            1: {"n_tried": first["n_tried"], "n_begun": len(first["added"]), "bits": round(first["bits"], 1)} | rest
        }

    def groups_examined(self):
        sizes = [row["n_accounts"] for name in ("templates", "clusters") for row in self.table(name)]
        return {1: {"n_groups": sum(n >= 10 for n in sizes), "n_large": sum(n >= 20 for n in sizes)}}


@pytest.mark.parametrize("name", ["pool", "benign", "metadata_only"])
def test_every_number_of_a_sentence_is_counted_again(sample, name):
    """Each number that the page marks, whatever its sentence."""
    report = sample(name)
    recount, made = _Recount(report.case), {}
    numbers = {(e.get("data-name"), e.get("value")) for e in report.all(".//data")}
    wrong = []
    for label, value in sorted(numbers):
        query, *names, place, column = label.split(".")
        if column in DRAWN:
            continue
        if (query, *names) not in made:
            made[query, *names] = getattr(recount, query)(*names)
        rows = made[query, *names]
        candidates = rows if isinstance(rows, list) else [rows[int(place)]]
        is_right = any(same(row[column], value) for row in candidates)
        if not is_right:
            wrong.append((label, value, rows if isinstance(rows, dict) else "none of the log"))

    assert 4 <= len(made)
    assert [] == wrong


def same(counted, stated):
    """Tell whether a value is what the page states."""
    if isinstance(counted, (int, float)):
        return float(counted) == float(stated)
    return str(counted) == stated


def households_of(ties):
    """Return what the query of households finds among ties (account, other account)."""
    with duckdb.connect() as connection:
        connection.execute("create table work_ties (account_id varchar, other_account_id varchar, relation varchar)")
        for a, b in ties:
            connection.execute("insert into work_ties values (?, ?, 'unknown')", [a, b])
        return {name for (name,) in connection.execute(bound(query_file("households").body, {})).fetchall()}


def test_households_are_small_sets_that_hand_over_to_each_other_alone():
    """Two who pass work on twice; not a tree, not a set of seven, not a part of a long chain."""
    pair = [("a", "b"), ("b", "a")]
    tree = [("c", "d"), ("d", "e")]
    ring_of_six = [(f"r{n}", f"r{(n + 1) % 6}") for n in range(6)]
    ring_of_seven = [(f"s{n}", f"s{(n + 1) % 7}") for n in range(7)]
    chain = [(f"t{n:02}", f"t{n + 1:02}") for n in range(40)] * 2

    assert {"a", "b", *(f"r{n}" for n in range(6))} == households_of(pair + tree + ring_of_six + ring_of_seven + chain)


def test_households_are_those_that_the_assessment_leaves_out():
    """For sets of all sizes drawn at random, with the code of the assessment as the other witness."""
    from distilforensics.assessment.log import Tie, without_households

    fields = dict.fromkeys(Tie.__dataclass_fields__, "")
    for seed in range(12):
        rng = random.Random(seed)
        ties = [
            (f"g{g}-{rng.randrange(2 + g % 8)}", f"g{g}-{rng.randrange(2 + g % 8)}")
            for g in range(14)
            for _ in range(rng.randrange(9))
        ]
        ties = [(a, b) for a, b in ties if a != b]
        rows = [Tie(**fields | {"account_id": a, "other_account_id": b, "relation": "unknown"}) for a, b in ties]
        kept = {(tie.account_id, tie.other_account_id) for tie in without_households(rows)}
        private = households_of(ties)

        assert kept == {(a, b) for a, b in ties if a not in private}, seed


def test_an_explanation_that_is_excluded_does_not_lean_on_what_is_not_known(sample):
    """What the log lacks is named where it keeps a question open, and only there."""
    for name in ("pool", "metadata_only"):
        for row in read_rows(sample(name).case, "campaign_explanations"):
            if row["outcome"] == "excluded":
                assert not re.search(r"(?:is|are) not (?:known|named|logged)", row["statement"]), row


def short(rows, explanation):
    """Return the statement of an explanation of a campaign."""
    return next(row["statement"] for row in rows if row["explanation_id"] == f"confounder.{explanation}")


def numbers_of(text):
    """Return the numbers of a sentence, as a reader takes them."""
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


@pytest.fixture
def told(sample):
    """The pool's explanations with the rows of the log that they speak of."""
    report = sample("pool")
    recount = _Recount(report.case)
    (name,) = recount.campaigns
    rows = [row for row in recount.table("campaign_explanations") if row["campaign_id"] == name]
    return recount, recount.members(name), recount.own(name), rows


def test_sentences_of_explanations_count_what_they_say_on_requests(told):
    """Answers, prompts, models, days and times, from the requests of the group themselves."""
    recount, _, own, rows = told
    full = [recount.full[r["record_id"]] for r in own]
    days = {r["started_at"].date() for r in own}

    assert (
        nearest(100 * sum(r["temperature"] == 0 for r in full) / len(full), 1)
        == numbers_of(short(rows, "evaluation_run"))[1]
    )
    assert len(days) == numbers_of(short(rows, "evaluation_run"))[3]


def test_sentences_of_explanations_say_by_what_customers_are_told_apart(told):
    """An account without organisation and tenant is not one of so many tenants, and payers are counted as payers."""
    recount, members, _, rows = told
    named = Counter(
        recount.profiles[a]["organization"] or recount.profiles[a]["tenant_id"] or f"only {a}" for a in members
    )
    payers = {recount.profiles[a]["payment_fingerprint"] for a in members} - {None}
    n_without = sum(not (recount.profiles[a]["organization"] or recount.profiles[a]["tenant_id"]) for a in members)

    assert n_without > 0
    assert "customers by organisation or tenant per account" in short(rows, "product_default")
    assert nearest(len(named) / len(members), 2) == numbers_of(short(rows, "product_default"))[-1]
    assert nearest(100 * len(payers) / len(members), 1) == numbers_of(short(rows, "vendor"))[0]


def test_an_observation_is_not_compared_with_itself(told):
    """The comparison is that of other groups."""
    recount, *_ = told
    observed = defaultdict(list)
    for row in recount.table("observations"):
        observed[row["heuristic_id"]].append(row)
    chaff = observed["evasion.chaff_mix"]

    assert 0 < len(chaff)
    for row in chaff:
        others = [other["value"] for other in chaff if other is not row]
        assert row["baseline"] == (pytest.approx(median(others), abs=1e-6) if others else None)


def asked(query, tables, **values):
    """Return the rows of a query of the report over tables that are given as rows."""
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(f"{name}_rows", pa.Table.from_pylist(rows))
            connection.execute(f"create table {name} as from {name}_rows")
        cursor = connection.execute(bound(query_file(query).body, values))
        return [dict(zip([c[0] for c in cursor.description], row, strict=True)) for row in cursor.fetchall()]


def test_what_planting_found_is_counted_from_the_planted_campaigns():
    """Found from: the smallest size from which none was missed. A size that was missed later does not count."""
    rng = random.Random(7)
    rows = [
        {
            "is_careful": careful,
            "requests_per_day": per_day,
            "dilution": 0.2,
            "n_accounts": n,
            "is_found": rng.random() < n / 60,
            "n_innocents": n % 3,
        }
        for careful in (False, True)
        for per_day in (26, 80)
        for n in (5, 10, 20, 40, 80)
    ]
    (totals,) = asked("power_totals", {"power": rows})
    reach = asked("power_reach", {"power": rows})

    assert [len(rows), sum(r["is_found"] for r in rows), sum(r["n_innocents"] for r in rows)] == list(totals.values())
    assert 4 == len(reach)
    for found in reach:
        own = [
            r
            for r in rows
            if (r["is_careful"], r["requests_per_day"]) == (found["is_careful"], found["requests_per_day"])
        ]
        missed = max((r["n_accounts"] for r in own if not r["is_found"]), default=None)
        above = [r["n_accounts"] for r in own if r["is_found"] and r["n_accounts"] > (missed or 0)]
        assert (missed, min(above, default=None), 80, 20) == (
            found["missed_up_to"], found["found_from"], found["largest"], found["diluted_percent"],
        )  # fmt: skip


def test_rates_of_error_are_rounded_against_the_report():
    """An upper bound is rounded up and a lower one down, to two decimals of a per cent."""
    rows = [
        {
            "kind": kind,
            "grade": "weak",
            "n_of": 3,
            "n_total": 400,
            "n_of_blocks": 1,
            "n_blocks": 9,
            "ci95_low": 0.00123,
            "ci95_high": 0.02181,
            "is_known": known,
            "place": place,
        }
        for place, (kind, known) in enumerate(
            [("sensitivity", True), ("false_accusation", True), ("rank", True), ("sensitivity", False)]
        )
    ]
    found = asked("error_rates", {"error_rates": rows})

    assert ["sensitivity", "false_accusation"] == [row["kind"] for row in found]
    assert [(2.19, 0.12)] * 2 == [(row["high_percent"], row["low_percent"]) for row in found]


def test_the_value_of_what_was_taken_is_added_up_request_by_request(told):
    """At the prices of the case, per million tokens; requests to models without a price are counted and not valued."""
    recount, _, own, _ = told
    (name,) = recount.campaigns
    model_of = {
        r["record_id"]: recount.full[r["record_id"]]["model_served"] or recount.full[r["record_id"]]["model_requested"]
        for r in own
    }
    priced = sorted(set(model_of.values()))[:2]
    with connect(recount.case, limits=Limits(600_000_000, 1), tables=case_tables(recount.case)) as connection:
        ledger = Ledger(recount.case, connection)
        found = ledger.one(
            "taken_value", campaign_id=name, models=priced, input_prices=[3.0, 1.5], output_prices=[15.0, 7.5]
        )
        edges, frames, gaps = (
            ledger.rows(q, **v)
            for q, v in (("frame_edges", {"campaign_id": name}), ("frame", {"campaign_id": name}), ("log_gaps", {}))
        )
    cents = {priced[0]: (3.0, 15.0), priced[1]: (1.5, 7.5)}
    value = sum(
        (r["input_tokens"] or 0) * cents[m][0] + (r["output_tokens"] or 0) * cents[m][1]
        for r in own if (m := model_of[r["record_id"]]) in cents and r["input_tokens"] is not None and r["output_tokens"] is not None
    )  # fmt: skip
    users = defaultdict(set)
    for r in recount.requests:
        for template in recount.carried[r["record_id"]]:
            users[template].add(r["account_id"])
    hours = sorted({r["started_at"].replace(minute=0, second=0, microsecond=0) for r in recount.requests})

    assert found["value_usd"] == pytest.approx(value / 1e6, abs=0.01)
    assert found["n_without_price"] == sum(model not in cents for model in model_of.values())
    assert edges[0]["n_texts"] == sum(recount.full[r["record_id"]]["prompt_text"] is not None for r in own)
    assert 0 < len(frames)
    for row in frames:
        carriers = sum(row["template_id"] in recount.carried[r["record_id"]] for r in recount.requests)
        assert (carriers, len(users[row["template_id"]] - recount.members(name))) == (
            row["n_requests"],
            row["n_others"],
        )
    assert len(gaps) == min(3, sum(b - a > timedelta(hours=1) for a, b in pairwise(hours)))


DRAWN_QUERIES = {
    "texts",
    "tie_members",
    "tie_pair",
    "log_columns",
    "explanations",
    "stability",
    "log_days",
    "strip_accounts",
    "quarantined",
    "statements",
}
"""Queries of which no number stands in a sentence: drawn, listed in annexes, or words."""
TESTED_ALONE = {
    "succession_totals", "succession_pairs", "error_rates", "power_reach", "power_totals", "taken_value", "usage_totals", "campaign_totals", "campaigns",
    "frame", "frame_edges", "log_gaps",
}  # fmt: skip
"""Queries whose numbers the three samples do not print; each has a test of its own, in this folder or beside usage exports."""


def test_every_query_with_a_number_in_a_sentence_has_a_second_witness():
    """A new query fails until it has one."""
    folder = importlib.resources.files("distilforensics.report")
    source = "".join((folder / f"{name}.py").read_text("utf-8") for name in ("result", "stage"))
    printed = set(re.findall(r'ledger\.(?:one|rows)\("(\w+)"(?![^\n]*is_drawn)', source)) | set(
        re.findall(r'\brows\("(\w+)"\)', source)
    )

    assert 25 < len(printed)
    assert set() == {query for query in printed if not hasattr(_Recount, query)} - DRAWN_QUERIES - TESTED_ALONE
    assert TESTED_ALONE <= printed


def test_a_log_that_marks_no_answer_gives_no_control_of_what_follows_a_failure() -> None:
    """Without requests that are known to be answered nothing is said of who goes on after a failure."""
    row = Row(n_failed=40, n_answered=0, moved_percent=80, answered_moved_percent=None)
    assert not result._is_moved_often(row)
    assert result._is_moved_often(row | {"n_answered": 100, "answered_moved_percent": 20})
