"""What goes to stdout is safe for terminals and spreadsheets, and exact for programs."""

import csv
import io
import json
from datetime import datetime

import pytest

from distilforensics.cli.output import Output, cell, width

HOSTILE = "=cmd|' /C calc'!A0\x1b[2J\u202e\n\x9b"


@pytest.fixture
def output():
    """Plain output."""
    return Output()


def test_a_table_is_aligned_with_numbers_to_the_right(output, capsys):
    """Text left, numbers right, no trailing blanks."""
    n_rows = output.table(("name", "n"), [("a", 5), ("longer", 1200)])

    assert 2 == n_rows
    assert "name       n\na          5\nlonger  1200\n" == capsys.readouterr().out


def test_wide_characters_keep_the_columns_in_line(output, capsys):
    """Chinese, Japanese and Korean text takes two columns per character."""
    output.table(("text", "n"), [("\u8cea\u554f", 1), ("abcd", 2)])

    assert ["text  n", "\u8cea\u554f  1", "abcd  2"] == capsys.readouterr().out.splitlines()


def test_a_table_without_rows_has_its_heading(output, capsys):
    """Columns are told even if there is nothing."""
    assert 0 == output.table(("name", "n"), [])
    assert "name  n\n" == capsys.readouterr().out


def test_no_control_character_of_a_value_reaches_the_terminal(output, capsys):
    """Escapes, C1 controls, bidirectional marks and line feeds, in values of every kind."""
    output.table(("a", "b", "c"), [(HOSTILE, [HOSTILE], HOSTILE.encode())])
    text = capsys.readouterr().out

    assert not set(text) & {"\x1b", "\x9b", "\u202e"}
    assert 2 == len(text.splitlines())


def test_json_is_exact_and_ascii(output, capsys):
    """Programs get every character back; a terminal gets none that matters."""
    Output(is_json=True).rows(("text", "when", "n"), [(HOSTILE + "\x7f", datetime(2026, 1, 2, 3, 4, 5), 7)])
    text = capsys.readouterr().out

    assert text.isascii()
    assert not set(text.rstrip("\n")) & {"\x1b", "\x7f", "\n"}
    assert {"text": HOSTILE + "\x7f", "when": "2026-01-02 03:04:05", "n": 7} == json.loads(text)


def test_csv_has_no_formula(output, capsys):
    """Cells that a spreadsheet would run are quoted with an apostrophe."""
    output.csv(("a", "b"), [(HOSTILE, "plain"), ("+1", None)])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))

    assert ["a", "b"] == rows[0]
    assert rows[1][0].startswith("'=cmd")
    assert ["'+1", ""] == rows[2]


def test_long_cells_are_cut_in_tables_only(output):
    """The cut is marked."""
    assert "x" * 59 + "…" == cell("x" * 100)
    assert "x" * 60 == cell("x" * 60)


@pytest.mark.parametrize(
    ("environment", "may_color", "expected"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm"}, False, False),
    ],
)
def test_colour_needs_a_capable_terminal_and_permission(monkeypatch, environment, may_color, expected):
    """NO_COLOR, TERM=dumb and --no-color each forbid it."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    output = Output(may_color=may_color)

    assert expected == output.has_color(Terminal())
    assert not output.has_color(io.StringIO())
    assert ("\x1b[1mx\x1b[0m" if expected else "x") == output.heading("x", Terminal())


def test_on_a_terminal_a_table_fits_and_names_stay_whole(output, capsys, monkeypatch):
    """Long cells are cut, the longest first; what is no terminal gets them as they are."""
    names, rows = ("record", "prompt", "n"), [("50c4026da825a0d3:3351", "why " * 14, 7), ("a", "質問です " * 9, 12345)]
    output.table(names, rows)
    free = capsys.readouterr().out
    monkeypatch.setattr("distilforensics.cli.output.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "66")
    monkeypatch.setenv("NO_COLOR", "1")
    output.table(names, rows)
    narrow = capsys.readouterr().out

    assert max(map(width, free.splitlines())) > 66
    assert {66} >= {max(map(width, narrow.splitlines()))}
    assert "50c4026da825a0d3:3351" in narrow
    assert 2 == narrow.count("…")


def test_on_a_terminal_sentences_are_wrapped(output, capsys, monkeypatch):
    """Those of a last column under its heading; in a pipe a sentence is one line, and no name is broken."""
    sentence = "not enough volume; needed is a group of 20 accounts and " + "x" * 50
    output.table(("test", "reason"), [("K1", sentence)], is_last_whole=True)
    piped = capsys.readouterr().out
    monkeypatch.setattr("distilforensics.cli.output.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    output.table(("test", "reason"), [("K1", sentence)], is_last_whole=True)
    shown = capsys.readouterr().out.splitlines()

    assert f"K1    {sentence}" in piped.splitlines()
    assert sentence.split() == [word for line in shown[1:] for word in line.split()][1:]
    assert len(shown) > 2
    assert all(line.startswith(" " * 6) for line in shown[2:])
