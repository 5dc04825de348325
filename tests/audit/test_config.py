"""A configuration is checked key by key, and every mistake is named."""

from pathlib import Path

import pytest

from distilforensics.audit.config import read_config
from distilforensics.core.errors import UsageError
from distilforensics.core.finding import Grade

COMPLETE = """
case = "case"
inputs = ["logs/*.jsonl.gz", "/var/log/llm/*.log"]
reports = "reports"
fail_on = "moderate"
min_age_minutes = 10

[reading]
format = "litellm_spendlogs"
account_field = "api_key_id"
assume_time_zone = "Europe/Berlin"
max_malformed = 0.01
max_line = "8MiB"
secret_file = "secret"

[limits]
threads = 2
memory = "4GB"
"""


def write(folder, text):
    """Write a configuration."""
    path = folder / "audit.toml"
    path.write_text(text)
    return path


def test_a_complete_configuration_is_read(tmp_path):
    """Relative paths count from the folder of the file."""
    (tmp_path / "secret").write_text("s3cret\n")
    config = read_config(write(tmp_path, COMPLETE))

    assert tmp_path / "case" == config.case
    assert (str(tmp_path / "logs/*.jsonl.gz"), "/var/log/llm/*.log") == config.inputs
    assert (tmp_path / "reports", Grade.MODERATE, 10.0) == (config.reports, config.fail_on, config.min_age_minutes)
    assert (2, 4_000_000_000) == (config.threads, config.memory_bytes)
    assert ("litellm_spendlogs", "api_key_id", "Europe/Berlin", 0.01, 8 << 20, "s3cret") == (
        config.options.format,
        config.options.account_field,
        config.options.assume_time_zone,
        config.options.max_malformed,
        config.options.max_line_bytes,
        config.options.secret_key,
    )


def test_a_catalogue_and_usage_exports_count_from_the_folder_of_the_file(tmp_path):
    """Like the logs; a catalogue that is not there is said before anything is read."""
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "own").mkdir()
    config = read_config(write(tmp_path, 'catalog = "own"\nreconcile = ["bills/*.csv"]\n' + COMPLETE))

    assert (config.catalog, config.reconcile) == (tmp_path / "own", (str(tmp_path / "bills/*.csv"),))
    with pytest.raises(UsageError, match=r"`catalog` is .*other', expected an existing folder"):
        read_config(write(tmp_path, 'catalog = "other"\n' + COMPLETE))


def test_the_example_in_the_documentation_is_valid(tmp_path):
    """What docs/audit.md shows can be copied."""
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    example = text.split("```toml\n")[1].split("```")[0]
    config = read_config(write(tmp_path, example))

    assert config.inputs
    assert config.fail_on is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("case = ", "cases = "), r"unknown key 'cases'"),
        (('case = "case"\n', ""), "`case` is missing or empty"),
        (('inputs = ["logs/*.jsonl.gz", "/var/log/llm/*.log"]', "inputs = []"), "`inputs` is missing or empty"),
        (
            ('inputs = ["logs/*.jsonl.gz", "/var/log/llm/*.log"]', 'inputs = "logs/*"'),
            "`inputs` is 'logs/\\*', expected a list",
        ),
        (('inputs = ["logs/*.jsonl.gz", "/var/log/llm/*.log"]', "inputs = [1]"), "`inputs` has '1', expected texts"),
        (('fail_on = "moderate"', 'fail_on = "high"'), "`fail_on` is 'high', expected strong, moderate, weak"),
        (("threads = 2", "threads = 0"), "`limits.threads` is 0, expected at least 1"),
        (("threads = 2", "threads = true"), "`limits.threads` is 'True', expected a whole number"),
        (('memory = "4GB"', 'memory = "much"'), "`limits.memory`: 'much' is no size"),
        (('memory = "4GB"', 'memory = "256MB"'), "`limits.memory` is '256MB', expected at least 448,000,000 bytes"),
        (("max_malformed = 0.01", "max_malformed = 2"), "`reading.max_malformed` is '2', expected 0 to 1"),
        (("Europe/Berlin", "Middle/Earth"), "'Middle/Earth' is no known time zone"),
        (("[limits]", "[limit]"), "unknown key 'limit'"),
        (('"secret"', '"absent"'), "`reading.secret_file` is .*absent', expected an existing file"),
        (('reports = "reports"', "reports ="), "is not valid TOML"),
    ],
)
def test_every_mistake_is_named(tmp_path, change, message):
    """With the file, the key, what was seen and what was expected."""
    (tmp_path / "secret").write_text("s3cret")
    path = write(tmp_path, COMPLETE.replace(*change))
    with pytest.raises(UsageError, match=message) as caught:
        read_config(path)

    assert caught.value.where in (str(path), "assume-time-zone")


def test_a_misspelt_key_gets_a_suggestion(tmp_path):
    """The nearest known key."""
    with pytest.raises(UsageError) as caught:
        read_config(write(tmp_path, 'case = "c"\ninputs = ["x"]\nreport = "r"\n'))

    assert "is `reports` meant?" == caught.value.hint


def test_a_missing_file_is_wrong_usage(tmp_path):
    """Cron mails the message."""
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_config(tmp_path / "absent.toml")
