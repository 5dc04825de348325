"""The custody log shows what was done to it."""

import json

import pytest

from distilforensics.case import chain, custody
from distilforensics.case.layout import create_case


@pytest.fixture
def case(tmp_path):
    """A case with four custody entries."""
    case = create_case(tmp_path / "case")
    for number in range(4):
        custody.append(case, f"action {number}", {"number": number})
    return case


def lines(case):
    """The log as lines without line ends."""
    return case.custody_log.read_bytes().splitlines()


def write(case, content):
    """Replace the log by lines."""
    case.custody_log.write_bytes(b"".join(line + b"\n" for line in content))


def test_an_untouched_log_has_no_problems(case):
    """Four entries, no problem, each linked to the one before."""
    parsed = [json.loads(line) for line in lines(case)]

    assert custody.check(case) == []
    assert [entry["seq"] for entry in parsed] == [1, 2, 3, 4]
    assert [custody.START, *(entry["hash"] for entry in parsed[:-1])] == [entry["previous"] for entry in parsed]


def test_an_entry_says_who_when_where_and_with_what(case):
    """The fields of an entry."""
    entry = json.loads(lines(case)[0])

    assert entry["actor"]
    assert entry["tool"].startswith("distilforensics ")
    assert entry["time"].endswith("Z")
    assert entry["details"] == {"number": 0}


def test_every_flipped_byte_is_seen(case):
    """No byte of the log can change unnoticed, white space and line ends included."""
    original = case.custody_log.read_bytes()
    unseen = []
    for position in range(len(original)):
        changed = bytearray(original)
        changed[position] ^= 0x01
        case.custody_log.write_bytes(changed)
        if not custody.check(case):
            unseen.append(position)

    assert unseen == []


def test_an_edited_entry_is_named(case):
    """The line of the edit is in the problem."""
    content = lines(case)
    content[1] = content[1].replace(b'"action 1"', b'"action 9"')
    write(case, content)

    assert [problem.where for problem in custody.check(case)] == ["custody.jsonl:2"]


def test_an_edit_with_a_new_own_hash_breaks_the_next_link(case):
    """Recomputing the hash of one entry is not enough."""
    content = lines(case)
    entry = json.loads(content[1]) | {"action": "something else"}
    entry["hash"] = chain.hash_of(entry)
    content[1] = chain.canonical(entry)
    write(case, content)

    assert [problem.where for problem in custody.check(case)] == ["custody.jsonl:3"]


@pytest.mark.parametrize("order", [[0, 2, 3], [0, 2, 1, 3], [1, 2, 3], [0, 1, 1, 2, 3]])
def test_deleted_reordered_and_repeated_entries_are_seen(case, order):
    """Any other sequence than the written one is a problem."""
    content = lines(case)
    write(case, [content[index] for index in order])

    assert custody.check(case)


def test_a_cut_tail_is_seen_against_a_recorded_head(case):
    """Without an outside record the loss of the last entries cannot be known; with it, it is."""
    head = custody.head(case)
    write(case, lines(case)[:-1])

    assert custody.check(case) == []
    assert [problem.message for problem in custody.check(case, head)] == [
        "has 3 entries, run.json knows of 4: the end was cut off"
    ]


def test_a_replaced_log_is_seen_against_a_recorded_head(case):
    """A new consistent log of the same length does not have the recorded head."""
    head = custody.head(case)
    case.custody_log.unlink()
    for number in range(4):
        custody.append(case, f"action {number}", {"number": number})

    assert custody.check(case) == []
    assert [problem.where for problem in custody.check(case, head)] == ["custody.jsonl:4"]


def test_an_entry_that_a_crash_cut_is_kept_as_a_detail_and_the_log_goes_on(case):
    """Half a line at the end is reported until the next append, which records it."""
    with case.custody_log.open("ab") as stream:
        stream.write(b'{"action":"half')

    assert [problem.where for problem in custody.check(case)] == ["custody.jsonl:5"]

    custody.append(case, "next")

    assert custody.check(case) == []
    assert [entry["action"] for entry in custody.entries(case)[-2:]] == ["unfinished entry removed", "next"]
    assert custody.entries(case)[-2]["details"] == {"was": '{"action":"half'}


def test_a_missing_log_is_a_problem(tmp_path):
    """A case without any custody entry has lost its log."""
    assert [problem.message for problem in custody.check(create_case(tmp_path / "case"))] == ["is missing"]
