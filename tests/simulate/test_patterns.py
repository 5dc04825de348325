"""The scenarios that are made for measuring: each has the shape that its pattern is published with, and nothing gives its accounts away."""

import itertools
import json
import re
import statistics
from collections import Counter, defaultdict
from datetime import datetime
from random import Random
from types import SimpleNamespace

import pytest

from distilforensics.simulate import SCENARIOS, simulate, text
from distilforensics.simulate.grammar import load_vocabulary

MEASURED = [name for name in SCENARIOS if name not in {"pool", "benign", "metadata_only"}]
WITH_POOL = [name for name in MEASURED if name != "hard_negatives"]
SCALE = 0.3
SHORT = 0.15
"""Length of answers: shapes do not depend on it."""


def seconds(moment):
    """Return a time as seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp()


@pytest.fixture(scope="module")
def logs(tmp_path_factory, reader):
    """Return a function from scenario to its rows, labels and directory at a small scale, as JSON lines."""
    made = {}

    def get(name):
        if name not in made:
            out = tmp_path_factory.mktemp("patterns") / name
            summary = simulate(name, out, seed=31, scale=SCALE, formats=["generic_jsonl"], answer_length=SHORT)
            rows = reader.json_lines(out, "logs/gateway/requests.jsonl")
            labels = {row["account_id"]: row for row in reader.csv_rows(out / "labels.csv")}
            by_role = defaultdict(list)
            for row in rows:
                by_role[labels[row["account_id"]]["role"]].append(row)
            made[name] = SimpleNamespace(
                out=out,
                summary=summary,
                rows=rows,
                labels=labels,
                by_role=by_role,
                pool=by_role.get("pool", []),
                directory={row["account_id"]: row for row in reader.csv_rows(out / "logs" / "accounts.csv")},
            )
        return made[name]

    return get


def loads(rows):
    """Return the exchanges per account."""
    return Counter(row["account_id"] for row in rows)


def successors_changing_account(rows):
    """Return the shares of conversation turns that stand on another account than the turn before."""
    last, moved, total = {}, 0, 0
    for row in rows:
        messages = row.get("messages", [])
        if len(messages) >= 3 and (before := last.get(messages[-3]["content"])) is not None:
            total += 1
            moved += before != row["account_id"]
        last[row["prompt"]] = row["account_id"]
    return moved / total, total


@pytest.mark.parametrize("name", MEASURED)
def test_labels_agree_with_the_accounts_of_the_log(logs, name):
    """Every account in the log has one label, every label an account; counts by role are those of the summary."""
    run = logs(name)
    assert loads(run.rows).keys() == run.labels.keys() < run.directory.keys() | {""}
    assert {role: len(rows) for role, rows in run.by_role.items()} == run.summary.exchanges_by_role
    assert {row["campaign_id"] for row in run.labels.values() if row["role"] == "pool"} <= {"pool-1"}
    assert {row["campaign_id"] for row in run.labels.values() if row["role"] != "pool"} == {""}
    sent = loads(run.rows)
    assert all(0 <= int(row["n_campaign_exchanges"]) <= sent[name] for name, row in run.labels.items())
    assert {row["n_campaign_exchanges"] for row in run.labels.values() if row["role"] != "pool"} == {"0"}
    assert ("pool" in run.by_role) == (name in WITH_POOL)


@pytest.mark.parametrize("name", MEASURED)
def test_the_same_seed_gives_the_same_bytes(tmp_path, reader, name):
    """In the format that the scenario is meant for, with answers of usual length."""
    for folder in ("first", "second"):
        simulate(name, tmp_path / folder, seed=4, scale=0.06, days=3)
    assert reader.tree(tmp_path / "first") == reader.tree(tmp_path / "second")


@pytest.mark.parametrize("name", WITH_POOL)
def test_nothing_but_behaviour_gives_a_pool_away(logs, name):
    """Ids have one shape; clients, plans and most networks of the pool are also those of innocents; no record names a role."""
    run = logs(name)
    pool = {account_id for account_id, row in run.labels.items() if row["role"] == "pool"}
    assert all(re.fullmatch("acct_[0-9a-f]{12}", account_id) for account_id in run.labels)
    innocents = [row for row in run.rows if row["account_id"] not in pool]
    assert {row["user_agent"] for row in run.pool} <= {row["user_agent"] for row in innocents}
    assert {run.directory[account_id]["plan"] for account_id in pool} <= {
        row["plan"] for account_id, row in run.directory.items() if account_id not in pool
    }
    assert not [row for row in run.rows if set(row) - set(run.rows[0]) - {"messages"}]
    written = b"".join(path.read_bytes() for path in (run.out / "logs").rglob("*") if path.is_file())
    assert not re.search(rb"pool-1|campaign|low_and_slow|hydra", written)


@pytest.mark.parametrize("name", WITH_POOL)
def test_pools_are_large_enough_at_full_size(name):
    """At least sixty accounts at a time, and two hundred and fifty where each sends little."""
    least = 250 if name == "low_and_slow" else 60
    assert all(pool.n_accounts >= least for pool in SCENARIOS[name].pools)


def test_each_look_alike_is_a_fair_part_of_the_ordinary_customers(logs):
    """What could be taken for a pool is among the innocents of every attack, and larger where there is none."""
    twins = {
        "agency", "crowd_worker", "drift_monitor", "employee", "evaluation", "hackathon", "hobbyist", "load_test", "nightly_ci", "open_course",
        "rag_batch", "puzzle_hunt", "release_day", "reseller", "self_review", "student", "support_bot", "vendor_customer", "white_label",
    }  # fmt: skip
    among, alone = logs("pool_random").summary.accounts_by_role, logs("hard_negatives").summary.accounts_by_role
    assert twins <= among.keys() & alone.keys()
    assert all(alone[role] >= 0.7 * among[role] for role in twins)
    assert sum(alone[role] for role in twins) > 0.6 * sum(alone.values())


def test_low_and_slow_sends_four_requests_per_account_in_new_words(logs):
    """Most on two days; hardly two requests begin alike, and most want hidden reasoning in plain words."""
    run = logs("low_and_slow")
    counts = loads(run.pool)
    days = Counter(row["timestamp"][:10] for row in run.pool)
    beginnings = Counter(row["prompt"][:40] for row in run.pool)
    assert 3 <= statistics.fmean(counts.values()) <= 5.5
    assert sum(count for _, count in days.most_common(2)) > 0.7 * len(run.pool)
    assert max(beginnings.values()) < 0.12 * len(run.pool)
    carried = [row for row in run.pool if len(row.get("messages", [])) == 3]
    assert 0.4 < len(carried) / len(run.pool) < 0.75


def test_low_and_slow_carries_reasoning_from_one_account_to_another(tmp_path, reader):
    """Signatures that one account received come back in requests of others; among innocents only people with several accounts do that."""
    simulate("low_and_slow", tmp_path / "slow", seed=31, scale=0.3, answer_length=SHORT)
    roles = {row["account_id"]: row["role"] for row in reader.csv_rows(tmp_path / "slow" / "labels.csv")}
    received, sent = defaultdict(set), defaultdict(set)
    for row in reader.json_lines(tmp_path / "slow", "logs/litellm/*.jsonl"):
        for choice in row["response"].get("choices", []):
            for block in choice["message"].get("thinking_blocks", []):
                received[block["signature"]].add(row["user"])
        for message in row["proxy_server_request"]["messages"]:
            for block in message.get("thinking_blocks", []):
                sent[block["signature"]].add(row["user"])
    crossing = {
        (sender, roles[sender])
        for signature, senders in sent.items()
        for sender in senders - received.get(signature, set())
        if signature in received
    }
    own = [signature for signature, senders in sent.items() if senders == received.get(signature)]
    assert {role for _, role in crossing} <= {"pool", "hobbyist"}
    assert sum(role == "pool" for _, role in crossing) > 20
    assert len(own) > 500


def test_the_relay_has_no_frame_and_many_languages(logs):
    """Its prompts share no beginning but those of popular tools, come in many languages, and turns follow each other on other accounts."""
    run = logs("relay")
    chats = [row for row in run.pool if not row["system_prompt"]]
    beginnings = Counter(row["prompt"][:30] for row in chats if len(row["prompt"]) >= 30)
    systems = Counter(row["system_prompt"] for row in run.pool if row["system_prompt"])
    moved, n_turns = successors_changing_account(run.pool)
    assert max(beginnings.values()) < 0.03 * len(chats)
    assert len(systems) == 3
    assert systems.keys() & {
        row["system_prompt"] for role, rows in run.by_role.items() if role != "pool" for row in rows
    }
    words = " ".join(row["prompt"] for row in run.pool).lower()
    heard = {
        language
        for language in text.ALL_LANGUAGES
        if any(
            phrase.lower() in words for phrase in load_vocabulary(language)["rules"]["follow_up"] if "«" not in phrase
        )
    }
    assert len(heard) >= 9
    assert n_turns > 300
    assert moved > 0.9


def test_the_sticky_relay_keeps_conversations_on_their_account(logs):
    """Only failures move a conversation."""
    moved, n_turns = successors_changing_account(logs("relay_sticky").pool)
    assert n_turns > 300
    assert moved < 0.2


def test_the_cleaner_gives_answers_back_on_other_accounts(logs):
    """Most requests carry an earlier answer of the model, and not one of their own account."""
    run = logs("cleaner")
    answered_by, returned = {}, []
    for row in run.pool:
        if (reasoning := row["prompt"].partition("\n\n")[2]) in answered_by:
            returned.append((row["account_id"], answered_by[reasoning]))
        answered_by.setdefault(row["response"], row["account_id"])
    assert len(returned) > 0.4 * len(run.pool)
    assert all(sender != source for sender, source in returned)


def test_the_second_pool_takes_over_within_two_days(logs):
    """No account serves both; the frame stays; the new model takes about half of the calls after its release."""
    run = logs("pivot")
    first, second = defaultdict(float), {}
    for row in run.pool:
        first[row["account_id"]] = max(first[row["account_id"]], seconds(row["timestamp"]))
        second.setdefault(row["account_id"], seconds(row["timestamp"]))
    ended = [last for last in first.values() if last < seconds("2026-03-05T00:00:00Z")]
    begun = [begin for begin in second.values() if begin > seconds("2026-03-05T00:00:00Z")]
    assert min(len(ended), len(begun)) >= 18
    assert len(ended) + len(begun) == len(first)
    assert 24 * 3600 <= min(begun) - max(ended) <= 48 * 3600
    after = [row for row in run.pool if row["timestamp"] > "2026-03-07T00"]
    assert 0.3 < sum(row["model"] == "atlas-large-3" for row in after) / len(after) < 0.6


def test_heavy_chaff_outweighs_the_harvest(logs):
    """Under a third of the calls of its accounts are single framed tasks."""
    run = logs("heavy_chaff")
    with_limit = [row for row in run.pool if row["max_tokens"] == 4096]
    assert 0.2 < len(with_limit) / len(run.pool) < 0.42
    assert len(loads(with_limit)) == len(loads(run.pool))


def test_the_evasive_pool_shares_no_wording_address_payment_domain_or_client(logs):
    """Loads are unequal, nights are quiet, sign-ups are spread, and no two accounts share what a directory or an address tells."""
    run = logs("evasive")
    accounts = loads(run.pool)
    payments = [payment for account_id in accounts if (payment := run.directory[account_id]["payment_fingerprint"])]
    addresses = defaultdict(set)
    for row in run.pool:
        addresses[row["client_ip"]].add(row["account_id"])
    created = sorted(seconds(run.directory[account_id]["created_at"]) for account_id in accounts)
    hours = Counter(datetime.fromisoformat(row["timestamp"]).hour for row in run.pool)
    beginnings = Counter(row["prompt"][:40] for row in run.pool)
    assert len(payments) == len(set(payments))
    assert max(len(members) for members in addresses.values()) == 1
    assert len({run.directory[account_id]["email_domain"] for account_id in accounts}) == len(accounts)
    assert len({row["user_agent"] for row in run.pool}) > 5
    assert statistics.median(b - a for a, b in itertools.pairwise(created)) > 12 * 3600
    assert statistics.pvariance(accounts.values()) / statistics.fmean(accounts.values()) > 5
    assert sum(hours[hour] for hour in range(13, 20)) < 0.1 * len(run.pool)
    assert max(beginnings.values()) < 0.1 * len(run.pool)


def test_schedulers_shape_the_load(logs):
    """A circle is the most equal, chance as equal as chance, and turns on one account the least equal within hours."""
    spread = {}
    for kind in ("round_robin", "random"):
        rows = [row for row in logs(f"pool_{kind}").pool if row["max_tokens"] == 4096]
        lifetimes = defaultdict(set)
        for row in rows:
            lifetimes[row["account_id"]].add(row["timestamp"][:10])
        counts = [count for account_id, count in loads(rows).items() if len(lifetimes[account_id]) == 6]
        spread[kind] = statistics.pvariance(counts) / statistics.fmean(counts)
    assert spread["round_robin"] < 0.4 < spread["random"] < 2.5
    sticky = [row["account_id"] for row in logs("pool_sticky").pool if row["max_tokens"] == 4096]
    assert statistics.fmean(a == b for a, b in itertools.pairwise(sticky)) > 0.9


def test_hashes_stand_in_for_texts(tmp_path, reader):
    """No column has a text; the hash of the frame is that of many requests, that of a prompt of few."""
    simulate("hashes_only", tmp_path / "hashed", seed=31, scale=0.3, answer_length=SHORT)
    rows = reader.csv_rows(tmp_path / "hashed" / "logs" / "gateway" / "hashed.csv")
    roles = {row["account_id"]: row["role"] for row in reader.csv_rows(tmp_path / "hashed" / "labels.csv")}
    pool = [row for row in rows if roles[row["account_id"]] == "pool"]
    assert not {"prompt", "response", "system_prompt"} & rows[0].keys()
    assert all(re.fullmatch("[0-9a-f]{64}", row["prompt_sha256"]) and int(row["prompt_chars"]) > 0 for row in rows)
    assert max(Counter(row["system_sha256"] for row in pool if row["system_sha256"]).values()) > 0.3 * len(pool)
    assert max(Counter(row["prompt_sha256"] for row in pool).values()) < 0.05 * len(pool)


def test_an_access_log_holds_the_pool_without_any_text(tmp_path, reader):
    """Every account of the labels has lines; there is nothing but addresses, times, sizes and clients."""
    simulate("access_log", tmp_path / "access", seed=31, scale=0.2, answer_length=SHORT)
    lines = reader.nginx_lines(tmp_path / "access" / "logs" / "nginx")
    labels = {row["account_id"] for row in reader.csv_rows(tmp_path / "access" / "labels.csv")}
    assert {line["account"] for line in lines} - {"-"} == labels


def test_personal_pools_have_two_to_six_accounts(logs):
    """One payment each, loads equal within one call."""
    run = logs("hard_negatives")
    groups = defaultdict(list)
    for account_id, count in loads(run.by_role["hobbyist"]).items():
        groups[run.directory[account_id]["payment_fingerprint"]].append(count)
    assert sorted(map(len, groups.values())) == [2, 3]
    assert all(max(counts) - min(counts) <= 1 for counts in groups.values())


def test_a_quota_cuts_the_days_of_employees(logs):
    """No employee passes the quota, and many reach it."""
    run = logs("hard_negatives")
    days = Counter((row["account_id"], row["timestamp"][:10]) for row in run.by_role["employee"])
    assert 12 <= max(days.values()) <= 16
    assert sum(count >= 12 for count in days.values()) > 0.2 * len(days)


def test_pipelines_have_new_addresses_every_night(logs):
    """Machines live for one run."""
    nights = defaultdict(set)
    for row in logs("hard_negatives").by_role["nightly_ci"]:
        nights[row["timestamp"][:10]].add(row["client_ip"])
    assert len(nights) == 5
    assert not set.intersection(*nights.values())
    assert min(map(len, nights.values())) >= 8


def test_release_day_callers_are_strangers_with_the_same_questions(logs):
    """One day, the new model, own addresses and payments, few different prompts."""
    run = logs("hard_negatives")
    rows = run.by_role["release_day"]
    first = [row["prompt"] for row in rows if "messages" not in row]
    assert {row["model"] for row in rows} == {"atlas-large-3"}
    assert len({row["timestamp"][:10] for row in rows}) <= 2
    assert len(set(first)) <= 10 < len(first)
    assert len({row["client_ip"] for row in rows}) >= len(loads(rows))


def test_keys_are_rotated_in_the_middle(logs):
    """A tenant's first accounts end where its others begin, with the same work: as a pool that was replaced, and innocent."""
    days = defaultdict(set)
    for row in logs("hard_negatives").by_role["rag_batch"]:
        days[row["account_id"]].add(row["timestamp"][:10])
    early = [account_id for account_id, of_account in days.items() if max(of_account) < "2026-03-05"]
    assert len(days) > 4
    assert len(early) == len(days) // 2


def test_answers_of_a_review_pipeline_come_back_within_one_tenant(logs):
    """As the cleaner does it, by one customer and openly."""
    rows = logs("hard_negatives").by_role["self_review"]
    answers = {row["response"]: row["account_id"] for row in rows}
    returned = [
        (row["account_id"], answers[given]) for row in rows if (given := row["prompt"].partition("\n\n")[2]) in answers
    ]
    assert len({row["tenant_id"] for row in rows}) == 1
    assert len(returned) > 0.4 * len(rows)
    assert all(sender != source for sender, source in returned)


def test_puzzle_hunters_are_strangers_who_want_blocks_decoded(logs):
    """A few requests each within days, the same blocks in their own words, from own addresses."""
    run = logs("hard_negatives")
    counts = loads(run.by_role["puzzle_hunt"])
    assert len(counts) > 20
    assert statistics.median(counts.values()) < 12
    assert len({row["client_ip"] for row in run.by_role["puzzle_hunt"]}) >= len(counts)


def test_sizes_differ_from_seed_to_seed():
    """No two seeds measure the same mixture; pools never fall below the size that is stated."""
    scenario = SCENARIOS["pool_random"]
    varied = [scenario.varied(Random(seed)) for seed in range(40)]
    sizes = [each.pools[0].n_accounts for each in varied]
    classes = [each.population.class_size for each in varied]
    assert len(set(sizes)) > 8
    assert min(sizes) >= scenario.pools[0].n_accounts
    assert min(classes) < scenario.population.class_size < max(classes)
    assert SCENARIOS["pool"].varied(Random(1)) == SCENARIOS["pool"]


def test_a_description_names_every_parameter(logs):
    """Whoever reads scenario.json can make the logs again."""
    description = json.loads((logs("evasive").out / "scenario.json").read_text())
    assert description["parameters"]["pools"][0]["work"] == "reworded"
    assert description["settings"]["seed"] == 31
    assert description["texts"] == []
