"""Reading labels."""

import pytest

from distilforensics.core.errors import UsageError
from distilforensics.evaluation import read_labels


def written(tmp_path, text, name="labels.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_and_json_lines_say_the_same(tmp_path):
    """An empty campaign and null both mean innocent; a byte order mark and other columns do no harm."""
    expected = [("a", "pool-1", "pool"), ("b", None, "student")]
    csv_labels = written(tmp_path, "\ufeffaccount_id,note,campaign_id,role\na,x,pool-1,pool\nb,,,student\n")
    json_labels = written(
        tmp_path,
        '{"account_id": "a", "campaign_id": "pool-1", "role": "pool"}\n\n{"account_id": "b", "campaign_id": null, "role": "student"}\n',
        "labels.jsonl",
    )
    assert expected == read_labels(csv_labels).rows()
    assert expected == read_labels(json_labels).rows()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("account_id,role\na,pool\n", "lack campaign_id"),
        ("", "lack account_id, campaign_id, role"),
        ("account_id,campaign_id,role\n", "holds no labels"),
        ("account_id,campaign_id,role\na,,x\na,p,x\n", "labelled a second time"),
        ("account_id,campaign_id,role\n,,x\n", "account_id is ''"),
        ('{"account_id": "a"}\n', "lack campaign_id, role"),
        ('{"account_id": 7, "campaign_id": null, "role": "x"}\n', "account_id is '7'"),
        ('{"account_id": "a", "campaign_id": 1, "role": "x"}\n', "campaign_id is '1'"),
        ('{"account_id": "a", "campaign_id": null, "role": "x"}\n[]\n', "not a JSON object"),
        ('{"account_id": "a", "campaign_id": null, "role": "x"}\n{oops\n', "not JSON"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_reason(tmp_path, text, words):
    """The message names the file and what was expected."""
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match=words) as caught:
        read_labels(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_and_a_binary_file_are_refused(tmp_path):
    """Neither ends in a traceback of the reader."""
    with pytest.raises(UsageError, match="does not exist"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(UsageError, match="not a UTF-8 text file"):
        read_labels(tmp_path / "binary")


def test_lines_may_be_blank_short_or_long_and_the_place_of_an_error_is_its_line(tmp_path):
    """What other programs write as CSV is read; a missing field is an empty one."""
    path = written(tmp_path, 'account_id,campaign_id,role\na,"pool, 1",pool\n\nb\nc,,student,extra\n')
    assert [("a", "pool, 1", "pool"), ("b", None, "unknown"), ("c", None, "student")] == read_labels(path).rows()
    wrong = written(tmp_path, "account_id,campaign_id,role\na,,x\n\nb,,x\na,p,x\n")
    with pytest.raises(UsageError) as caught:
        read_labels(wrong)
    assert str(caught.value).startswith(f"{wrong}:5: account 'a' is labelled a second time")
