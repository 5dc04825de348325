"""What lies in a named folder is read, or named as not read."""

import os

from distilforensics.ingest.evidence.inputs import expand, not_read


def test_links_to_folders_and_pipes_are_named_and_not_read(tmp_path):
    """Nothing is left out in silence, and circles end."""
    logs, other = tmp_path / "logs", tmp_path / "other"
    logs.mkdir()
    other.mkdir()
    (logs / "a.jsonl").write_text("{}\n", encoding="utf-8")
    (other / "b.jsonl").write_text("{}\n", encoding="utf-8")
    (logs / "month").symlink_to(other)
    (logs / "circle").symlink_to(logs)
    (logs / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    os.mkfifo(logs / "pipe")

    assert ["a.jsonl"] == [file.path.rsplit("/", 1)[1] for file in expand([str(logs)], tmp_path / "case")]
    assert ["circle", "gone.jsonl", "month", "pipe"] == [path.rsplit("/", 1)[1] for path in not_read([str(logs)])]
