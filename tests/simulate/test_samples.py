"""The logs in `sample_logs/` are what the program makes, small enough to ship, and described."""

import json
from pathlib import Path

import pytest

from distilforensics.simulate.simulation import OUTPUTS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "sample_logs"
NAMES = ("benign", "metadata_only", "pool")


@pytest.fixture
def samples(monkeypatch):
    """The tool that makes them."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import samples

    return samples


def contents(reader, folder):
    """Return the decompressed content of everything that a simulation writes, by path; the program's version is left out."""
    paths = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.relative_to(folder).parts[0] in OUTPUTS
    ]
    found = {path.relative_to(folder).as_posix(): reader.read_bytes(path) for path in paths}
    description = json.loads(found["scenario.json"])
    assert description.pop("version")
    return found | {"scenario.json": description}


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_sample_is_what_the_program_makes(name, tmp_path, reader, samples):
    """Decompressed, file by file: compressed bytes may differ between versions of a compression library."""
    samples.write_sample(name, tmp_path)
    made, shipped = contents(reader, tmp_path), contents(reader, FOLDER / name)
    assert sorted(made) == sorted(shipped)
    assert [path for path in made if made[path] != shipped[path]] == []


def test_samples_are_small_and_described(samples):
    """Below five megabytes together; every folder says what it is."""
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 5_000_000
    assert list(NAMES) == sorted(samples.SAMPLES)
    assert all((FOLDER / name / "README.md").is_file() for name in NAMES)


def test_writing_a_sample_leaves_other_files_alone(tmp_path, samples):
    """A README beside the logs survives; old logs do not."""
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "old.log").write_text("old", encoding="utf-8")
    summary = samples.write_sample("benign", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", *OUTPUTS}
    assert not (tmp_path / "logs" / "old.log").exists()
    assert all((tmp_path / name).is_file() for name in summary.files)
