"""The screens of a campaign and of an account: they fit, say the strongest first, and cite records that show what is said."""

import re

import duckdb
import pytest

from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.cli.drawing import ASCII, bars, paragraph, summed
from distilforensics.cli.output import Output
from distilforensics.cli.screens import campaign_screen, explanation_screen


@pytest.fixture(scope="module")
def pool(sample_case):
    """Case of the pool."""
    return str(sample_case("pool"))


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns and 24 lines."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


def printed(capsys, *arguments):
    """Return the lines that a command prints."""
    capsys.readouterr()
    assert run_cli(list(arguments)) == ExitCode.COMPLETE
    return capsys.readouterr().out.splitlines()


def test_a_campaign_is_one_screen_with_the_heaviest_fact_first(pool, terminal, capsys):
    """Load, hours and hand-overs are drawn; --all has every account."""
    lines = printed(capsys, "show", pool, "campaign", "C-01")
    assert len(lines) <= 24
    assert max(len(line) for line in lines if pool not in line) <= 80
    assert {"Load", "failed", "Hours", "others", "Accounts"} <= {line.split()[0] for line in lines if line.strip()}
    weights = [int(match[1]) for line in lines if (match := re.match(r"  (\d+) bits", line))]
    assert weights
    assert weights == sorted(weights, reverse=True)
    assert " -> " in "".join(lines)

    members = duckdb.execute(f"select account_id from '{pool}/findings/accounts.parquet' where campaign_id = 'C-01'")
    whole = "\n".join(printed(capsys, "show", pool, "campaign", "C-01", "--all"))
    assert all(name in whole for (name,) in members.fetchall())


def test_a_higher_terminal_has_the_sentences(pool, terminal, monkeypatch, capsys):
    """And not more lines than it has."""
    monkeypatch.setenv("LINES", "50")
    lines = printed(capsys, "show", pool, "campaign", "C-01")
    assert 24 < len(lines) <= 50
    assert "failed calls of these accounts were sent next" in " ".join(" ".join(lines).split())


def test_explain_cites_calls_of_the_account_and_of_those_it_is_tied_to(pool, terminal, capsys):
    """Records exist, and words of the program's inside are not told."""
    account = "acct_01c3507eac26"
    lines = printed(capsys, "explain", pool, account)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert not re.search(r"\b(prefix|suffix|handover|system|near):|email_domain|ip_prefix", text)
    cited = set(re.findall(r"[0-9a-f]{16}:[0-9]+(?:\.[0-9]+)?", text))
    rows = dict(
        duckdb.execute(f"select record_id, account_id from '{pool}/data/exchanges/*.parquet'").fetchall(),
    )
    assert len(cited) >= 8
    assert cited <= set(rows)
    assert account in {rows[record] for record in cited}
    partners = {rows[record] for record in cited} - {account}
    assert partners
    assert all(name in "".join(text.split()) for name in partners)


def test_an_account_of_no_campaign_is_told_as_such(pool, terminal, capsys):
    """With nothing for and a reason against."""
    (name,) = duckdb.execute(
        f"select account_id from '{pool}/findings/accounts.parquet' where campaign_id is null order by n_exchanges desc limit 1"
    ).fetchone()
    lines = printed(capsys, "explain", pool, name)
    assert "in no campaign" in lines[0]
    assert any("nothing about it led to one" in line for line in lines)


HOSTILE = "x\x1b[2J\u202e\n" + "y" * 300


def found(**changed):
    """Rows of a group whose names are hostile."""
    from datetime import datetime

    moment = datetime(2026, 3, 2)
    campaign = {
        "campaign_id": "X-01", "grade": "one operator, purpose unknown", "n_accounts": 2, "n_exchanges": 9, "output_tokens": None,
        "first_seen": moment, "last_seen": moment, "grade_without": None,
    }  # fmt: skip
    rows = {
        "campaign": [campaign],
        "facts": [{"title": HOSTILE, "statement": HOSTILE, "bits": 3.0, "is_counted": True}],
        "load": [{"hour": moment, "n_exchanges": 9, "n_failed": 0}],
        "hours": [{"hour": 0, "n_exchanges": 9, "n_exchanges_of_others": 0}],
        "handovers": [
            {"account_id": HOSTILE, "other_account_id": "b", "n_calls": 1, "delay_seconds": 0.5, "record_id": "r:1"}
        ],
        "explanations": [{"title": HOSTILE}],
        "accounts": [
            {"account_id": HOSTILE, "n_campaign_exchanges": 5},
            {"account_id": "b", "n_campaign_exchanges": 4},
        ],
    }
    return rows | changed


def test_hostile_names_reach_no_terminal():
    """Of accounts and in statements."""
    text = "\n".join(campaign_screen(found(), "case", (80, 24), Output()))
    assert not set("\x1b\u202e") & set(text)
    account = {
        "account_id": HOSTILE, "campaign_id": None, "grade": None, "n_exchanges": 1, "n_campaign_exchanges": None,
        "first_seen": None, "last_seen": None,
    }  # fmt: skip
    said = {"bits": None, "about": HOSTILE, "statement": HOSTILE, "record_ids": [HOSTILE]}
    text = "\n".join(explanation_screen({"account": [account], "for": [said], "against": []}, 80, Output()))
    assert not set("\x1b\u202e") & set(text)


def test_what_somebody_noted_stands_on_both_screens():
    """With who and what it makes of the target, and nothing that acts."""
    notes = [{"time": "2026-03-09", "by": "J. Roe", "status": "accepted", "about": None, "text": f"holds {HOSTILE}"}]
    text = "\n".join(campaign_screen(found(notes=notes), "case", (80, 24), Output()))
    assert "J. Roe, accepted: holds" in text
    assert "\x1b" not in text


def test_a_group_without_calls_or_hand_overs_has_a_screen():
    """Metadata alone, or everything aggregated."""
    lines = list(
        campaign_screen(found(load=[], hours=[], handovers=[], accounts=[], facts=[]), "case", (80, 24), Output())
    )
    assert lines[0].startswith("X-01")


def test_bars_show_the_smallest_value_and_fit_the_output(monkeypatch):
    """Nothing is an empty place; ASCII where the output is ASCII."""

    class Stream:
        encoding = "ascii"

    assert bars([0, 1, 1000, 500]) == " ▁█▄"
    monkeypatch.setattr("sys.stdout", Stream())
    assert set(bars([0, 1, 1000, 500])) <= set(ASCII)
    assert bars([]) == ""
    assert summed([1, 2, 3, 4, 5], 3) == ([3, 7, 5], 2)
    assert len(list(paragraph("word " * 100, 40, "  ", most=2))) == 2
