"""Links: which agreements weigh what, and what a pair's weight is the sum of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis import link_parameters as parameters
from distilforensics.analysis.stage import link_accounts
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import Case, create_case
from distilforensics.case.stages import file_sha256
from distilforensics.case.tables import read_rows, write_batches, write_rows
from distilforensics.core.progress import Silent

if TYPE_CHECKING:
    from pathlib import Path

N_ACCOUNTS = 1024
"""A power of two, so that an exclusive value weighs 10 bits less log2(m)."""

Attributes = list[tuple[str, str, str]]


def name(number: int) -> str:
    """Return an account id that sorts by number."""
    return f"acct_{number:04d}"


def case_of(root: Path, attributes: Attributes, profiles: dict[str, dict[str, Any]] | None = None) -> Case:
    """Return a case with 1,024 accounts and the given (account, attribute, value) rows."""
    case = create_case(root)
    rows = [{"account_id": name(i), **(profiles or {}).get(name(i), {})} for i in range(N_ACCOUNTS)]
    write_rows(case, "account_profiles", rows)
    write_rows(case, "accounts_directory", [])
    write_rows(case, "account_mailboxes", [])
    write_rows(case, "usage_sums", [])
    write_rows(case, "announced_files", [])
    write_rows(case, "sources", [])
    named = [f"tenant {row['tenant_id']}" if row.get("tenant_id") else f"account {row['account_id']}" for row in rows]
    customers = [
        {"account_id": row["account_id"], "named_customer": name} for row, name in zip(rows, named, strict=True)
    ]
    write_rows(case, "customers", customers)
    for table in ("exchange_features", "fingerprints", "template_exchanges"):
        write_rows(case, table, [])
    case.table_path("exchanges").mkdir(parents=True)
    write_batches(case, "exchanges", [], path=case.table_path("exchanges") / "part.parquet")
    ordered = sorted(attributes, key=lambda row: (row[1], row[2], row[0]))
    write_rows(case, "account_attributes", ({"account_id": a, "attribute": b, "value": c} for a, b, c in ordered))
    return case


def links_of(
    root: Path, attributes: Attributes, profiles: dict[str, dict[str, Any]] | None = None
) -> dict[tuple[str, str], Any]:
    """Return the links by pair."""
    case = case_of(root, attributes, profiles)
    link_accounts(case, Limits(500_000_000, 2), Silent())
    return {(row["account_a"], row["account_b"]): row for row in read_rows(case, "links")}


def both(attribute: str, value: str, *accounts: int) -> Attributes:
    """Return rows that give all accounts the value."""
    return [(name(account), attribute, value) for account in accounts]


def test_a_rare_value_weighs_log2_of_m_over_its_frequency(tmp_path: Path) -> None:
    """Two accounts of 1,024 share a payment method: m = 0.5, u is the root of the share of pairs that do."""
    links = links_of(tmp_path / "case", both("payment", "pf_1", 3, 7) + both("ip", "192.0.2.1", 3, 7))

    u = math.sqrt(2 / (N_ACCOUNTS * (N_ACCOUNTS - 1)))
    expected = {"payment": math.log2(0.5 / u), "ip": math.log2(0.5 / u)}
    row = links[(name(3), name(7))]
    assert {"payment", "ip"} == {part["attribute"] for part in row["attributes"]}
    assert all(expected[part["attribute"]] == pytest.approx(part["weight"], abs=0.001) for part in row["attributes"])
    assert 2 == row["n_attributes"]


def test_the_weight_of_a_link_is_the_sum_of_what_is_listed(tmp_path: Path) -> None:
    """Agreements, known differences and the tenant: every bit can be found in the list."""
    rows = both("ip", "192.0.2.1", 1, 2) + both("signup", "2026-03-02 09:10", 1, 2) + both("prefix", "prefix:a", 1, 2)
    profiles = {
        name(1): {"payment_fingerprint": "pf_1", "email_domain": "a.example", "tenant_id": "t1"},
        name(2): {"payment_fingerprint": "pf_2", "email_domain": "b.example", "tenant_id": "t1"},
    }
    row = links_of(tmp_path / "case", rows, profiles)[(name(1), name(2))]

    parts = {part["attribute"]: part["weight"] for part in row["attributes"]}
    assert {"ip", "signup", "prefix", "payment", "email_domain", "tenant"} == set(parts)
    assert (-1.0, -1.0, 0.0) == (parts["payment"], parts["email_domain"], parts["tenant"])
    assert row["weight"] == pytest.approx(sum(parts.values()), abs=1e-9)


def test_attributes_of_one_family_count_once(tmp_path: Path) -> None:
    """An address and its network, a prompt and its beginning: the heavier one of each."""
    rows = both("ip", "192.0.2.1", 1, 2) + both("ip_prefix", "192.0.2.0/24", 1, 2)
    rows += both("prefix", "prefix:a", 1, 2) + both("prompt", "prompt:a", 1, 2) + both("client", "agent", 1, 2)
    row = links_of(tmp_path / "case", rows)[(name(1), name(2))]

    assert 2 == row["n_attributes"]
    assert {"ip", "client"} == {part["attribute"] for part in row["attributes"]}


def test_a_popular_value_weighs_nothing(tmp_path: Path) -> None:
    """Nearly everybody has it, so agreeing on it says nothing and makes no pair."""
    case = case_of(tmp_path / "case", both("client", "agent", *range(900)))
    link_accounts(case, Limits(500_000_000, 2), Silent())

    coverage = {row["attribute"]: row for row in read_rows(case, "link_coverage")}
    assert [] == read_rows(case, "links")
    assert (1, 1, 0) == tuple(coverage["client"][key] for key in ("n_values", "n_values_popular", "n_pairs"))


def test_accounts_named_by_addresses_of_one_mailbox_share_it(tmp_path: Path) -> None:
    """Also with an account whose directory states the address; a mailbox of one account is no tie."""
    case = case_of(tmp_path / "case", [])
    found = [(name(1), "hmac:a"), (name(2), "hmac:a"), (name(3), "hmac:b")]
    write_rows(case, "account_mailboxes", ({"account_id": account, "mailbox": box} for account, box in found))
    write_rows(case, "accounts_directory", [{"account_id": name(4), "mailbox": "hmac:a"}])
    link_accounts(case, Limits(500_000_000, 2), Silent())

    rows = [(row["kind"], row["value"], row["account_id"]) for row in read_rows(case, "shared_values")]
    assert rows == [("mail", "hmac:a", name(account)) for account in (1, 2, 4)]


def test_several_shared_values_weigh_more_than_one_and_never_more_than_an_exclusive_one(tmp_path: Path) -> None:
    """Three addresses that 100 accounts have add up; twenty do not pass the cap."""

    def weight(n_shared: int) -> float:
        rows: Attributes = []
        for number in range(n_shared):
            rows += both("ip", f"192.0.2.{number}", 1, 2, *range(10 + 50 * number, 108 + 50 * number - 50))
        found = links_of(tmp_path / f"case{n_shared}", rows + both("payment", "pf", 1, 2))
        return float(
            next(part["weight"] for part in found[(name(1), name(2))]["attributes"] if part["attribute"] == "ip")
        )

    one, three, twenty = weight(1), weight(3), weight(18)
    assert one < three <= twenty
    assert twenty == pytest.approx(math.log2(0.5 * N_ACCOUNTS), abs=0.001)


def test_an_account_with_many_values_agrees_by_chance(tmp_path: Path) -> None:
    """One shared prompt out of 64 on both sides is worth six bits less than one out of one."""

    def weight(n_values: int) -> float:
        rows = both("prompt", "prompt:shared", 1, 2) + both("payment", "pf", 1, 2)
        for number in range(n_values - 1):
            rows += both("prompt", f"prompt:x{number}", 1, 100) + both("prompt", f"prompt:y{number}", 2, 200)
        found = links_of(tmp_path / f"case{n_values}", rows)
        return float(
            next(part["weight"] for part in found[(name(1), name(2))]["attributes"] if part["attribute"] == "prompt")
        )

    assert 6.0 == pytest.approx(weight(1) - weight(64), abs=0.01)


def test_accounts_of_one_tenant_do_not_make_their_value_common(tmp_path: Path) -> None:
    """A value of a hundred sub-accounts of one tenant is as exclusive as that tenant; of a hundred tenants it is not."""
    accounts = range(100)
    one_tenant = {name(i): {"tenant_id": "t1"} for i in accounts}
    rows = both("payment", "pf", *accounts) + both("ip", "192.0.2.1", *accounts)
    inside = links_of(tmp_path / "inside", rows, one_tenant)
    across = links_of(tmp_path / "across", rows)

    assert inside[(name(0), name(1))]["weight"] > 15
    assert {} == across


def test_the_tenant_is_listed_as_a_relation_without_weight(tmp_path: Path) -> None:
    """What explains a link is kept with it."""
    rows = both("payment", "pf", 1, 2) + both("ip", "192.0.2.1", 1, 2)
    same = {name(1): {"tenant_id": "t1"}, name(2): {"tenant_id": "t1"}, name(3): {"tenant_id": "t1"}}
    row = links_of(tmp_path / "case", rows, same)[(name(1), name(2))]

    tenant = [part for part in row["attributes"] if part["attribute"] == "tenant"]
    assert [("t1", 3, 0.0)] == [(part["value"], part["n_accounts"], part["weight"]) for part in tenant]


def test_values_beyond_the_pair_budget_make_no_pairs_and_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The common value is only looked up for the pair that the rare value has found, and the coverage says so."""
    stated = parameters.stated()
    limits = stated["limits"] | {"max_pairs_per_attribute": {"default": 50, "unit": "account pairs", "why": "test"}}
    monkeypatch.setattr(parameters, "stated", lambda: stated | {"limits": limits})
    case = case_of(tmp_path / "case", both("ip", "192.0.2.1", *range(20)) + both("payment", "pf", 1, 2))
    link_accounts(case, Limits(500_000_000, 2), Silent())

    links, coverage = read_rows(case, "links"), {row["attribute"]: row for row in read_rows(case, "link_coverage")}
    assert [(name(1), name(2), 2)] == [(row["account_a"], row["account_b"], row["n_attributes"]) for row in links]
    assert (1, 0) == (coverage["ip"]["n_values_capped"], coverage["ip"]["n_pairs"])


def test_the_same_bytes_at_any_number_of_threads(tmp_path: Path) -> None:
    """Threads change the speed alone."""
    rows: Attributes = []
    for number in range(60):
        rows += both("ip", f"192.0.2.{number}", *range(number, number + 12))
        rows += both("payment", f"pf_{number}", *range(number, number + 5))
    hashes = []
    for threads in (1, 2):
        case = case_of(tmp_path / f"case{threads}", rows)
        link_accounts(case, Limits(500_000_000, threads), Silent())
        hashes.append(
            [file_sha256(case.table_path(table)) for table in ("links", "link_coverage", "clusters", "cluster_members")]
        )

    assert hashes[0] == hashes[1]


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    """Unchanged inputs, unchanged code."""
    case = case_of(tmp_path / "case", both("payment", "pf", 1, 2))

    assert [False, True] == [link_accounts(case, Limits(500_000_000, 1), Silent()).is_skipped for _ in range(2)]


def test_a_log_without_attributes_gives_empty_tables(tmp_path: Path) -> None:
    """Nothing to compare is no error."""
    case = case_of(tmp_path / "case", [])
    link_accounts(case, Limits(500_000_000, 1), Silent())

    assert [[], [], []] == [read_rows(case, table) for table in ("links", "clusters", "cluster_members")]


def test_every_parameter_has_unit_and_reason() -> None:
    """Nothing is set without saying why."""
    stated = parameters.stated()

    assert all(entry["unit"] and entry["why"] for entry in stated["limits"].values())
    assert all(entry["why"] for entry in stated["comparisons"].values())
