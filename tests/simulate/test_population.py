"""The simulated customers behave as the record says: heavy tails, shared addresses, look-alikes, and a pool that shares what it should."""

import itertools
import json
import statistics
from collections import Counter, defaultdict
from datetime import datetime
from types import SimpleNamespace

import pytest

from distilforensics.simulate import simulate
from distilforensics.simulate.scenarios import PoolParameters


def seconds(text):
    """Return a time as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture(scope="module")
def world(tmp_path_factory, reader):
    """The pool scenario at full size over ten days in one format that keeps everything."""
    out = tmp_path_factory.mktemp("population") / "pool"
    summary = simulate("pool", out, seed=21, formats=["generic_jsonl"], answer_length=0.3)
    rows = reader.json_lines(out, "logs/gateway/requests.jsonl")
    labels = {row["account_id"]: row for row in reader.csv_rows(out / "labels.csv")}
    directory = {row["account_id"]: row for row in reader.csv_rows(out / "logs" / "accounts.csv")}
    by_role = defaultdict(list)
    for row in rows:
        by_role[labels[row["account_id"]]["role"]].append(row)
    return SimpleNamespace(
        summary=summary,
        rows=rows,
        labels=labels,
        directory=directory,
        by_role=by_role,
        parameters=json.loads((out / "scenario.json").read_text()),
    )


@pytest.fixture(scope="module")
def harvest(world):
    """The exchanges of the pool that carry the frame, in order of time."""
    return [row for row in world.by_role["pool"] if row["prompt"].startswith("You are filling in a solution notebook.")]


def loads(rows):
    """Return the exchanges per account."""
    return Counter(row["account_id"] for row in rows)


def dispersion(counts):
    """Return variance over mean."""
    return statistics.pvariance(counts) / statistics.fmean(counts)


def test_the_default_size_is_that_of_a_small_service(world):
    """Several tens of thousands of exchanges of about seven hundred accounts, eighty of them in the pool."""
    assert 40_000 <= world.summary.n_exchanges <= 66_000
    assert 600 <= world.summary.n_accounts <= 800
    assert world.summary.accounts_by_role["pool"] == 80


def test_individuals_have_heavy_tailed_volumes(world):
    """Few people send most: the mean lies far above the median and the top tenth sends over a third."""
    counts = sorted(loads(world.by_role["individual"]).values(), reverse=True)
    assert statistics.fmean(counts) > 1.6 * statistics.median(counts)
    assert sum(counts[: len(counts) // 10]) > sum(counts) / 3
    assert dispersion(counts) > 50


def test_office_people_keep_office_hours_and_rest_at_the_week_end(world):
    """Week-end days carry far less traffic of teams than working days."""
    days = Counter(datetime.fromisoformat(row["timestamp"]).weekday() for row in world.by_role["team_member"])
    assert (days[5] + days[6]) / 2 < 0.5 * (days[0] + days[1] + days[2]) / 6


def test_strangers_rarely_begin_with_the_same_words(world):
    """Among first messages without a product, few of the longer ones share forty characters with another account."""
    beginnings = defaultdict(set)
    firsts = [
        row
        for row in world.by_role["individual"]
        if "messages" not in row and not row["system_prompt"] and len(row["prompt"]) >= 60
    ]
    for row in firsts:
        beginnings[row["prompt"][:40]].add(row["account_id"])
    popular = "I want you to be my interview coach. Ask"
    shared = sum(len(beginnings[row["prompt"][:40]]) > 1 for row in firsts if row["prompt"][:40] != popular)
    assert len(firsts) > 1000
    assert shared / len(firsts) < 0.12
    assert len(beginnings[popular]) > 5


def test_a_third_of_the_people_share_the_system_prompt_of_one_product(world):
    """A popular product is no campaign: its prompt comes from many tenants and addresses."""
    users = {
        row["account_id"]
        for role in ("individual", "team_member")
        for row in world.by_role[role]
        if (row["system_prompt"] or "").startswith("You are Helmsman")
    }
    people = world.summary.accounts_by_role["individual"] + world.summary.accounts_by_role["team_member"]
    tenants = {world.directory[account_id]["tenant_id"] for account_id in users}
    assert 0.2 < len(users) / people < 0.45
    assert len(tenants) > 15


def test_team_members_share_the_address_and_the_payment_of_their_company(world):
    """A company's egress address carries several accounts of one tenant."""
    tenants_of, accounts_of = defaultdict(set), defaultdict(set)
    for row in world.by_role["team_member"]:
        if row["client_ip"].startswith("198.51.100."):
            tenants_of[row["client_ip"]].add(row["tenant_id"])
            accounts_of[row["client_ip"]].add(row["account_id"])
    assert max(len(accounts) for accounts in accounts_of.values()) >= 8
    payments = {
        (row["tenant_id"], row["payment_fingerprint"]) for row in world.directory.values() if row["organization"]
    }
    assert len(payments) == len({tenant for tenant, _ in payments})


def test_a_class_is_the_closest_innocent_twin(world):
    """Forty accounts, one tenant, one address, sign-ups within minutes, the same exercises, similar counts, school hours."""
    rows = world.by_role["student"]
    accounts = loads(rows)
    created = [seconds(world.directory[account_id]["created_at"]) for account_id in accounts]
    exercises = [row["prompt"] for row in rows if row["prompt"].startswith("Exercise ")]
    assert len(accounts) == 40
    assert len({row["tenant_id"] for row in rows}) == len({row["client_ip"] for row in rows}) == 1
    assert max(created) - min(created) < 10 * 60
    assert len(set(exercises)) <= 16 < len(exercises) / 10
    assert dispersion(list(accounts.values())) < 4
    assert len({datetime.fromisoformat(row["timestamp"]).hour for row in rows}) <= 3


def test_programs_are_large_and_repetitive(world):
    """One account of the support bot outweighs every person; batches use one instruction each."""
    bot = loads(world.by_role["support_bot"])
    assert next(iter(bot.values())) > max(loads(world.by_role["individual"]).values())
    for role, words in (
        ("translation_batch", "Translate the following product"),
        ("classification_batch", "Assign exactly one label"),
        ("evaluation", "The following are multiple choice"),
    ):
        assert all(row["prompt"].startswith(words) for row in world.by_role[role])
        assert len({row["tenant_id"] for row in world.by_role[role]}) == 1


def test_the_evaluation_run_is_a_burst_at_temperature_zero_through_several_accounts(world):
    """It runs on two days, one of them the day of the new model, and takes its accounts in turn."""
    rows = world.by_role["evaluation"]
    assert {row["timestamp"][:10] for row in rows} == {"2026-03-04", "2026-03-07"}
    assert {row["temperature"] for row in rows} == {0.0}
    assert dispersion(list(loads(rows).values())) < 0.5
    assert len(loads(rows)) == 6


def test_the_reseller_names_many_end_users_through_one_account(world):
    """Real people behind one account: many ids, several languages."""
    rows = world.by_role["reseller"]
    assert len(loads(rows)) == 1
    assert len({row["end_user"] for row in rows}) > 40


def test_hobbyists_take_their_few_accounts_in_turn(world):
    """Equal loads over four accounts with one payment: a small pool that is no harvest."""
    counts = loads(world.by_role["hobbyist"])
    payments = defaultdict(list)
    for account_id, count in counts.items():
        payments[world.directory[account_id]["payment_fingerprint"]].append(count)
    assert [len(group) for group in payments.values()] == [4, 4]
    assert all(max(group) - min(group) <= 1 for group in payments.values())


def test_some_innocents_use_the_addresses_and_the_client_of_the_pool(world):
    """No single shared value singles the pool out."""
    pool_addresses = {row["client_ip"] for row in world.by_role["pool"]}
    pool_clients = {row["user_agent"] for row in world.by_role["pool"]}
    innocents = world.by_role["individual"] + world.by_role["team_member"]
    assert len({row["account_id"] for row in innocents if row["client_ip"] in pool_addresses}) >= 5
    assert len({row["account_id"] for row in innocents if row["user_agent"] in pool_clients}) >= 10
    assert len(pool_clients) == 1


def test_the_pool_loads_its_accounts_nearly_equally_and_chaff_hides_it(world, harvest):
    """Accounts that live all ten days have equal loads of harvest calls and unequal loads of everything."""
    activity = defaultdict(set)
    for row in world.by_role["pool"]:
        activity[row["account_id"]].add(row["timestamp"][:10])
    whole = {account_id for account_id, days in activity.items() if len(days) == 10}
    of_harvest, of_all = loads(harvest), loads(world.by_role["pool"])
    assert 60 <= len(whole) < 80
    assert dispersion([of_harvest[account_id] for account_id in whole]) < 0.5
    assert dispersion([of_all[account_id] for account_id in whole]) > 5
    per_day = statistics.fmean(of_all[account_id] / 10 for account_id in whole)
    assert 20 < per_day < 30
    assert 0.14 < 1 - len(harvest) / len(world.by_role["pool"]) < 0.26


def test_the_pool_works_around_the_clock(harvest):
    """Every hour of the day is used, none far more than others; nobody sleeps."""
    hours = Counter(datetime.fromisoformat(row["timestamp"]).hour for row in harvest)
    assert len(hours) == 24
    assert max(hours.values()) < 2 * min(hours.values())


def test_the_pool_asks_for_tens_of_capabilities_and_rarely_repeats_a_task(harvest):
    """Complete calls carry one frame around tasks that hardly ever recur."""
    tasks = [row["prompt"].split("\n\n", 1)[1] for row in harvest if row["status"] == 200]
    frames = {row["prompt"].split("\n\n", 1)[0] for row in harvest}
    assert len(frames) == 2
    assert len(set(tasks)) > 0.93 * len(tasks)
    assert len({task[:12] for task in tasks}) > 60


def test_a_limited_call_is_issued_again_on_another_account(harvest):
    """After a limit error the same prompt comes from another account within seconds."""
    limited = [(index, row) for index, row in enumerate(harvest) if row["status"] == 429]
    moved = 0
    for index, row in limited:
        later = next((other for other in harvest[index + 1 : index + 40] if other["prompt"] == row["prompt"]), None)
        if (
            later is not None
            and later["account_id"] != row["account_id"]
            and seconds(later["timestamp"]) - seconds(row["timestamp"]) < 30
        ):
            moved += 1
    assert len(limited) > 50
    assert moved / len(limited) > 0.9


def test_the_pool_moves_to_the_new_model_within_a_day_and_others_slowly(world, harvest):
    """Most harvest calls of the second day use the new model, few of the population's."""
    second_day = "2026-03-08"

    def share(rows):
        used = [row["model"] == "atlas-large-3" for row in rows if row["timestamp"].startswith(second_day)]
        return sum(used) / len(used)

    assert share(harvest) > 0.7
    assert share(world.by_role["individual"]) < 0.35


def test_pool_accounts_signed_up_in_bursts_and_share_cards_in_small_groups(world):
    """Bursts of minutes weeks before; every card pays for at most five accounts; some accounts are replacements."""
    accounts = [
        row for account_id, row in world.directory.items() if world.labels.get(account_id, {}).get("role") == "pool"
    ]
    created = sorted(seconds(row["created_at"]) for row in accounts)
    near = sum(later - earlier < 600 for earlier, later in itertools.pairwise(created))
    cards = Counter(row["payment_fingerprint"] for row in accounts)
    begin = seconds("2026-03-02T00:00:00Z")
    assert near > 65
    assert 2 <= max(cards.values()) <= 5
    assert sum(count == 1 for count in cards.values()) >= 10
    assert sum(moment > begin for moment in created) == 8


def test_pool_accounts_rotate_over_shared_exits(world):
    """Each account appears under a few addresses, most addresses under a few accounts."""
    exits, accounts = defaultdict(set), defaultdict(set)
    for row in world.by_role["pool"]:
        exits[row["account_id"]].add(row["client_ip"])
        accounts[row["client_ip"]].add(row["account_id"])
    assert 1.5 < statistics.fmean(len(addresses) for addresses in exits.values()) <= 3
    assert statistics.median(len(members) for members in accounts.values()) >= 2
    assert max(len(members) for members in accounts.values()) < 12


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"), [("round_robin", 0.0, 0.4), ("random", 0.5, 1.6), ("sticky", 3.0, 1e9)]
)
def test_the_scheduler_is_a_parameter_and_shapes_the_load(tmp_path, reader, kind, lowest, highest):
    """Round robin is the most equal, chance is as chance is, and sticky works in long turns."""
    from dataclasses import replace

    from distilforensics.simulate import SCENARIOS

    pool = PoolParameters(
        scheduler=kind,
        n_accounts=30,
        requests_per_account_day=40,
        chaff_share=0.1,
        replaced_share=0.0,
        frame="reviewer",
    )
    scenario = replace(
        SCENARIOS["benign"],
        name="own",
        pools=(pool,),
        population=replace(
            SCENARIOS["benign"].population,
            n_individuals=5,
            n_tenants=1,
            jobs=(),
            frontends=(),
            n_classes=0,
            n_hobbyists=0,
        ),
    )
    simulate(scenario, tmp_path / "own", seed=1, days=1, formats=["generic_jsonl"], answer_length=0.1)
    rows = [
        row
        for row in reader.json_lines(tmp_path / "own", "logs/gateway/requests.jsonl")
        if row["prompt"].startswith("Act as a reviewer")
    ]
    counts = loads(rows)
    values = [counts[account_id] for account_id in sorted(counts)] + [0] * (30 - len(counts))
    assert len(rows) > 800
    assert lowest <= dispersion(values) <= highest
