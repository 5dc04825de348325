"""A sealed case is a BagIt bag that others can check with their own tools."""

import subprocess

import bagit
import pytest

from distilforensics.case import custody, manifest
from distilforensics.case.layout import create_case, write_file
from distilforensics.core.errors import CaseError


def test_the_bag_is_valid_for_the_reference_implementation(sealed):
    """`bagit` validates every hash of payload and tag files."""
    bag = bagit.Bag(str(sealed.root))

    assert (1, 0) == bag.version_info
    assert bag.validate()


def test_sha256sum_accepts_both_manifests(sealed):
    """Coreutils are enough to check a case."""
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = subprocess.run(
            ["sha256sum", "--strict", "-c", name], cwd=sealed.root, capture_output=True, text=True, check=False
        )

        assert 0 == done.returncode, done.stdout + done.stderr


def test_the_manifests_cover_every_reproducible_file_once(sealed):
    """Payload and tag files; run.json and custody.jsonl are outside, tied by the custody entry."""
    payload, _ = manifest.read_manifest(sealed.root / manifest.PAYLOAD_MANIFEST)
    tags, _ = manifest.read_manifest(sealed.root / manifest.TAG_MANIFEST)
    files = {path.relative_to(sealed.root).as_posix() for path in sealed.root.rglob("*") if path.is_file()}

    assert files - {"run.json", "custody.jsonl", "tagmanifest-sha256.txt", "seal.txt"} == payload.keys() | tags.keys()
    assert not payload.keys() & tags.keys()
    assert all(name.startswith("data/") for name in payload)


def test_the_seal_names_the_files_outside_of_the_bag(sealed):
    """The last custody entry carries the hashes of run.json and of both manifests."""
    entry = custody.entries(sealed)[-1]

    assert "sealed" == entry["action"]
    assert manifest.anchors(sealed) == entry["details"]


def test_a_seal_is_current_until_any_file_changes(sealed):
    """Also the seal itself, and a file that is new."""
    assert manifest.is_current(sealed)
    for path in (sealed.run_record, sealed.root / "seal.txt", next(sealed.data.rglob("*.parquet"))):
        content = path.read_bytes()
        path.write_bytes(content + b"x")
        assert not manifest.is_current(sealed)
        path.write_bytes(content)
    (sealed.report / "new.html").touch()
    assert not manifest.is_current(sealed)


def test_sealing_again_gives_the_same_manifests(sealed):
    """No clock and no order of the file system in them."""
    names = (manifest.DECLARATION, manifest.INFORMATION, manifest.PAYLOAD_MANIFEST, manifest.TAG_MANIFEST)
    before = [(sealed.root / name).read_bytes() for name in names]
    manifest.seal(sealed)

    assert before == [(sealed.root / name).read_bytes() for name in names]


def test_the_payload_oxum_counts_bytes_and_files(sealed):
    """As RFC 8493 defines it."""
    payload = list(manifest.payload_files(sealed))
    total = sum(path.stat().st_size for path in payload)

    assert f"Payload-Oxum: {total}.{len(payload)}\n" in (sealed.root / "bag-info.txt").read_text()


def test_statements_of_the_examiner_cannot_add_lines_to_the_bag_information(tmp_path):
    """Line feeds in case.toml are written as escapes."""
    case = create_case(tmp_path / "case")
    case.settings["examiner"] = "A. Example\nPayload-Oxum: 0.0"
    write_file(case.run_record, b"{}")
    manifest.seal(case)

    assert 1 == (case.root / "bag-info.txt").read_text().count("\nPayload-Oxum:")


def test_unfinished_writes_are_removed_by_sealing(sealed):
    """A killed run may leave hidden partial files."""
    leftover = sealed.data / ".links.parquet.partial"
    leftover.write_bytes(b"half")
    manifest.seal(sealed)

    assert not leftover.exists()


def test_a_case_without_a_run_cannot_be_sealed(tmp_path):
    """Without run.json it is unknown how the case came about."""
    with pytest.raises(CaseError, match=r"run\.json is missing"):
        manifest.seal(create_case(tmp_path / "case"))
