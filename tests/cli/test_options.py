"""Values of options are read with their units, and refused with what was expected."""

import click
import pytest

from distilforensics.cli.diagnostics import run_cli
from distilforensics.cli.options import Share, Size, make_limits
from distilforensics.core.errors import UsageError
from distilforensics.core.units import MIN_MEMORY, parse_size
from distilforensics.pipeline.reading_options import reading_options


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("4096", 4096),
        ("1kB", 1000),
        ("8GB", 8_000_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("512mib", 536_870_912),
        ("2TB", 2 * 10**12),
    ],
)
def test_sizes_have_decimal_and_binary_units(text, n_bytes):
    """As their names say."""
    assert n_bytes == parse_size(text)


@pytest.mark.parametrize("text", ["", "GB", "8 gigs", "-1GB", "1,5GB", "1e9"])
def test_other_sizes_are_refused(text):
    """The message says what is expected."""
    with pytest.raises(click.BadParameter, match="expected a number with B, kB"):
        Size().convert(text, None, None)


def test_a_memory_limit_below_the_minimum_is_refused(capsys, tmp_path):
    """The engine could not sort."""
    code = run_cli(["features", "--case", str(tmp_path), "--memory-limit", "1MB"])

    assert 2 == code
    assert f"expected at least {MIN_MEMORY:,} bytes" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "share"), [("0", 0.0), ("0.001", 0.001), ("0.1%", 0.001), ("100%", 1.0), ("1", 1.0)])
def test_shares_may_be_given_in_per_cent(text, share):
    """0.1% and 0.001 are the same."""
    assert share == pytest.approx(Share().convert(text, None, None))


@pytest.mark.parametrize("text", ["2", "-0.1", "101%", "half", "nan"])
def test_other_shares_are_refused(text):
    """Outside of 0 to 1, or no number."""
    with pytest.raises(click.BadParameter, match="expected 0 to 1"):
        Share().convert(text, None, None)


def test_limits_that_are_not_given_are_those_of_the_machine():
    """Each by itself."""
    machine = make_limits(None, None)

    assert (3, machine.memory_bytes > 0) == (make_limits(3, None).threads, True)
    assert (300_000_000, machine.threads) == (
        make_limits(None, 300_000_000).memory_bytes,
        make_limits(None, 300_000_000).threads,
    )


def test_choices_that_are_not_given_keep_their_defaults():
    """None means the default of the ingest."""
    default = reading_options()
    chosen = reading_options(format=None, max_malformed=0.5, assume_time_zone="Europe/Berlin")

    assert default.max_malformed != chosen.max_malformed
    assert ("Europe/Berlin", default.max_line_bytes) == (chosen.assume_time_zone, chosen.max_line_bytes)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", ""])
def test_an_unknown_time_zone_is_refused(zone):
    """Also one that would leave the zone folder."""
    with pytest.raises(UsageError, match="no known time zone"):
        reading_options(assume_time_zone=zone)
