"""Checking a sealed case without trusting anything in it: every byte against the manifests, the records against their balance.

Reads only; works on write-protected media and without the engine.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from distilforensics.case import custody, manifest
from distilforensics.case.checklist import Verification
from distilforensics.case.custody import Problem
from distilforensics.case.evidence import archives_of, find_member, find_source, places
from distilforensics.case.layout import CASE_FILE, read_json
from distilforensics.case.notes import check_notes
from distilforensics.case.signature import STATEMENT, check_signature
from distilforensics.case.stages import contradictions, file_sha256
from distilforensics.core import units
from distilforensics.core.errors import CaseError, IntegrityError
from distilforensics.core.text import show
from distilforensics.core.trouble import machine_trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from distilforensics.case.layout import Case

_LISTED = 3
"""Names told of files that could not be checked; table `sources` has all."""

_OTHER_ENTRIES = "custody entries after the seal: {actions}"


def verify(
    case: Case, evidence_root: Path | None = None, noted_hash: str | None = None, key: Path | None = None
) -> Verification:
    """Return every difference between a sealed case and what its manifests, custody log and tables state.

    Args:
        case: The case; its `case.toml` need not be readable.
        evidence_root: Folder below which the evidence files lie now; by default they are looked for where the runs were started.
        noted_hash: Hash of a custody entry that was noted outside of the case; the log must still hold it.
        key: Public key by which the seal must be signed.

    Raises:
        CaseError: it is no case, or was never sealed.
    """
    result = Verification()
    seal = _last_seal(case)
    if seal is None and not (case.root / manifest.TAG_MANIFEST).exists():
        raise _never_sealed(case)
    _check_anchors(case, seal, result)
    check_signature(case, key, result)
    result.n_files += (case.root / STATEMENT).is_file()
    _check_noted(case, noted_hash, result)
    check_notes(case, result)
    damaged = _check_files(case, result)
    n_before = len(result.problems)
    result.problems += [Problem(show(name), message) for name, message in contradictions(case) if name not in damaged]
    result.check("stages", "every table against the records of the stages that wrote and read it", n_before)
    if any(name.startswith("data/") for name in damaged):
        result.leave("balance", "tables differ from the manifest")
        result.leave("evidence", "tables differ from the manifest")
    else:
        _check_tables(case, evidence_root, result)
    return result


def _check_noted(case: Case, noted_hash: str | None, result: Verification) -> None:
    """Name earlier seals, which a holder of the case can put a new one over, and look for the entry that somebody noted."""
    known = custody.entries(case)
    earlier = [entry for entry in known if entry["action"] == manifest.SEALED][:-1]
    if earlier:
        places = ", ".join(f"entry {entry['seq']} of {show(entry['time'])}" for entry in earlier)
        result.notes.append(
            f"was sealed before ({places}); what lay under an earlier seal may have been replaced since"
        )
    if noted_hash is None:
        result.leave(
            "noted hash", "none was given; one that was kept outside of the case shows a new seal: --noted-hash HASH"
        )
        return
    n_before = len(result.problems)
    if noted_hash.lower() not in {entry["hash"] for entry in known}:
        message = (
            f"has no entry with the hash {show(noted_hash)} that was noted: the log, or the whole case, was replaced"
        )
        result.find(case.custody_log.name, message)
    else:
        place = next(i for i, entry in enumerate(known) if entry["hash"] == noted_hash.lower())
        later = [entry["action"] for entry in known[place + 1 :]]
        result.notes.append(f"holds the noted entry; since then: {show(', '.join(later)) or 'nothing'}")
        _check_noted_content(case, known[: place + 1], result)
    result.check("noted hash", f"custody log and manifests against {show(noted_hash)}", n_before)


def _check_noted_content(case: Case, until_noted: list[dict[str, Any]], result: Verification) -> None:
    """Compare the case with the last seal up to the noted entry: a later seal may cover something else."""
    sealed = [entry for entry in until_noted if entry["action"] == manifest.SEALED]
    if not sealed:
        result.leave("content", "the noted entry is older than every seal")
        return
    for key, name in (("manifest_sha256", manifest.PAYLOAD_MANIFEST), ("tagmanifest_sha256", manifest.TAG_MANIFEST)):
        path, noted = case.root / name, sealed[-1]["details"].get(key)
        if path.is_file() and file_sha256(path) != noted:
            what = "tables" if name == manifest.PAYLOAD_MANIFEST else "findings, report or records"
            message = (
                f"{what} are not those that were noted: it had SHA-256 {show(noted)} then, and was sealed anew since"
            )
            result.find(name, message)


_OWN_FOLDERS = frozenset({"data", "findings", "report", "stages", "tmp", "calibration"})
_OWN_TEMPORARY = frozenset({"tmp/case.lock", "tmp/holder.json"})


def _check_places(case: Case, result: Verification) -> None:
    """Name what no manifest can hold: links, pipes and devices, empty folders, leftovers in tmp/."""
    for path in sorted(case.root.rglob("*")):
        name = case.name_of(path)
        if path.is_symlink():
            result.problems.append(Problem(show(name), "is a link; a case holds files only"))
        elif not path.is_file() and not path.is_dir():
            result.problems.append(Problem(show(name), "is a pipe, socket or device; a case holds files only"))
        elif name.startswith("tmp/") and path.is_file() and name not in _OWN_TEMPORARY:
            result.notes.append(f"{show(name)}: lies in tmp/, is in no manifest and was not checked")
        elif path.is_dir() and name not in _OWN_FOLDERS and not any(path.iterdir()):
            result.notes.append(f"{show(name)}: is an empty folder, which no manifest holds")


def _last_seal(case: Case) -> dict[str, Any] | None:
    sealed = [entry for entry in custody.entries(case) if entry["action"] == manifest.SEALED]
    return sealed[-1] if sealed else None


def _never_sealed(case: Case) -> CaseError:
    """Return the error for a folder with nothing to compare with; only a case whose stages are all done is to be sealed."""
    if not (case.root / CASE_FILE).is_file():
        text, hint = f"no {CASE_FILE} found", "make a case with: distilforensics run LOGS... --case DIR"
    elif not case.run_record.is_file() or not (case.stages / "report.json").is_file():
        text = "not every stage has run, so there is no seal to compare with"
        hint = "distilforensics run LOGS... --case DIR; a run that was interrupted goes on where it was"
    else:
        text, hint = "is not sealed, there is nothing to compare with", "distilforensics seal --case DIR"
    return CaseError(text, where=str(case.root), hint=hint)


def _check_anchors(case: Case, seal: Mapping[str, Any] | None, result: Verification) -> None:
    """Check the custody chain and, through its last seal, run.json and both manifests."""
    n_before, head = len(result.problems), custody.head(case)
    result.custody_head = head["hash"]
    told = f"{units.count(head['n_entries'])} entries, each bound to the one before, and run.json"
    if seal is None:
        result.find(case.custody_log.name, "has no entry `sealed`: the end was cut off or the entry was edited")
        result.problems += custody.check(case)
        result.check("custody log", told, n_before)
        return
    stated = seal["details"]
    is_run_intact = _compare(case.run_record.name, case.run_record, stated.get("run_json_sha256"), result)
    expected_head = _run_record(case).get("custody") if is_run_intact else None
    result.problems += custody.check(case, expected_head if isinstance(expected_head, dict) else None)
    if is_run_intact and not isinstance(expected_head, dict):
        result.problems.append(Problem(case.run_record.name, "does not name the last custody entry"))
    for key, name in (("manifest_sha256", manifest.PAYLOAD_MANIFEST), ("tagmanifest_sha256", manifest.TAG_MANIFEST)):
        _compare(name, case.root / name, stated.get(key), result)
    result.check("custody log", told, n_before)
    later = [entry["action"] for entry in custody.entries(case) if entry["seq"] > seal["seq"]]
    if later:
        result.notes.append(_OTHER_ENTRIES.format(actions=show(", ".join(_told_shortly(later)))))


_IDLE_RUNS = re.compile(rf"(?m)(?:^.* started\n(?:^stage .*\n)*^{custody.NOTHING_CHANGED}\n)+")


def _told_shortly(actions: Iterable[str]) -> list[str]:
    """Return actions of the custody log, with runs that changed nothing counted in place of their entries."""

    def counted(runs: re.Match[str]) -> str:
        n = runs[0].count(f"\n{custody.NOTHING_CHANGED}\n")
        return "a run that changed nothing\n" if n == 1 else f"{n} runs that changed nothing\n"

    return _IDLE_RUNS.sub(counted, "".join(f"{action}\n" for action in actions)).split("\n")[:-1]


def _run_record(case: Case) -> dict[str, Any]:
    return read_json(case.run_record)  # a missing or changed file is reported by its hash


def _compare(name: str, path: Path, expected: str | None, result: Verification) -> bool:
    if not path.is_file():
        result.problems.append(Problem(show(name), "is missing"))
        return False
    found = file_sha256(path)
    result.n_files += 1
    if found != expected:
        result.problems.append(
            Problem(show(name), f"was changed: SHA-256 is {found}, recorded is {show(expected or 'none')}")
        )
    return found == expected


def _check_files(case: Case, result: Verification) -> set[str]:
    """Compare all files with both manifests and return the names that differ."""
    n_before = len(result.problems)
    _check_places(case, result)
    expected: dict[str, str] = {}
    for name in (manifest.PAYLOAD_MANIFEST, manifest.TAG_MANIFEST):
        if (case.root / name).is_file():
            lines, problems = manifest.read_manifest(case.root / name)
            expected |= lines
            result.problems += problems
    present = {
        manifest.name_of(case, path): path for path in (*manifest.payload_files(case), *manifest.tag_files(case))
    }
    names = sorted(expected.keys() | present.keys())
    damaged = {name for name in names if not _is_as_recorded(name, expected, present, result)}
    result.check("files", f"{units.count(len(present))} files against the manifests, and nothing besides", n_before)
    return damaged


def _is_as_recorded(name: str, expected: Mapping[str, str], present: Mapping[str, Path], result: Verification) -> bool:
    if name not in expected:
        result.problems.append(Problem(show(name), "is in the case folder and in no manifest"))
        return False
    if name == manifest.PAYLOAD_MANIFEST:
        return True  # compared with the seal already
    if name not in present:
        is_elsewhere = name.startswith(("/", "tmp/")) or ".." in PurePosixPath(name).parts
        message = (
            "is named by a manifest and lies outside of what a manifest may hold" if is_elsewhere else "is missing"
        )
        result.problems.append(Problem(show(name), message))
        return False
    return _compare(name, present[name], expected[name], result)


_HOSTILE = (
    pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError, CaseError, IntegrityError
)  # fmt: skip
"""What a table raises that was not written by this program."""


def _check_tables(case: Case, evidence_root: Path | None, result: Verification) -> None:
    """Check balance and evidence; tables that cannot be read are a problem like any other, whoever sealed them."""
    for check, what in (
        (partial(_check_balance, case, result), "the balance"),
        (partial(_check_sources, case, evidence_root, result), "the evidence files"),
    ):
        try:
            check()
        except _HOSTILE as e:
            if machine_trouble(e) is not None:
                raise
            reason = show((str(e).splitlines() or [type(e).__name__])[0])[:300]
            result.problems.append(Problem("data", f"{what} could not be checked, a table is not readable: {reason}"))


def _check_balance(case: Case, result: Verification) -> None:
    """Count the records of every source again and compare with what the ingest stated."""
    if not case.table_files("sources"):
        result.leave("balance", "there is no table of sources, nothing has been ingested")
        return
    n_before = len(result.problems)
    counted = {
        "n_quarantined": _count_by_source(case, "quarantine"),
        "n_duplicate": _count_by_source(case, "duplicates"),
        "n_out_of_scope": _count_by_source(case, "out_of_scope"),
    }
    exchanges = _count_by_source(case, "exchanges")
    known = {source["source_sha256"] for source in _sources(case)}
    result.problems += [
        Problem("data/exchanges", f"balance: {n} records of source {show(source)}, which is not in `sources`")
        for source, n in sorted(exchanges.items())
        if source not in known
    ]
    for source in _sources(case):
        stated = {column: source[column] or 0 for column in ("n_read", "n_kept", *counted)}
        if stated["n_read"] != sum(stated.values()) - stated["n_read"]:
            result.problems.append(Problem(show(source["path"]), f"balance: does not close, {stated}"))
        if source["role"] != "log":
            continue
        result.n_records += stated["n_read"]
        found = {column: _of(counts, source["source_sha256"]) for column, counts in counted.items()}
        found["n_kept"] = _of(exchanges, source["source_sha256"]) - found["n_duplicate"]
        result.problems += [
            Problem(show(source["path"]), f"balance: {column} is {stated[column]} in `sources` and {n} in the tables")
            for column, n in sorted(found.items())
            if n != stated[column]
        ]
    result.check("balance", f"{units.count(result.n_records)} records counted again, source by source", n_before)


def _of(counts: Mapping[str, int], source_sha256: str) -> int:
    return counts.get(source_sha256, counts.get(source_sha256[:16], 0))


def _sources(case: Case) -> list[dict[str, Any]]:
    from distilforensics.case.tables import read_rows

    return read_rows(case, "sources")


def _count_by_source(case: Case, name: str) -> dict[str, int]:
    """Return the rows of a table per source; duplicates name their source by the 16 digits in the record id."""
    counts: dict[str, int] = {}
    for source, n_records in _rows_by_source(case, name):
        counts[source] = counts.get(source, 0) + n_records
    return counts


def _rows_by_source(case: Case, name: str) -> Iterator[tuple[str, int]]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    weight = "n_records" if name == "out_of_scope" else None
    key = "record_id" if name == "duplicates" else "source_sha256"
    for path in case.table_files(name):
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(columns=[key, *([weight] if weight else [])]):
                if weight:
                    yield from zip(batch.column(key).to_pylist(), batch.column(weight).to_pylist(), strict=True)
                else:
                    column = batch.column(key)
                    keys = pc.utf8_slice_codeunits(column, 0, 16) if key == "record_id" else column
                    for entry in pc.value_counts(keys).to_pylist():
                        yield entry["values"], entry["counts"]


def _check_sources(case: Case, evidence_root: Path | None, result: Verification) -> None:
    """Hash the evidence files that are still there."""
    if not case.table_files("sources"):
        return
    n_before, absent, unhashed = len(result.problems), [], []
    sources = _sources(case)
    for source in sources:
        name = show(source["path"])
        present = [path for path in places(case, source["path"], evidence_root) if path.is_file()]
        if source["source_sha256"] is None:
            unhashed.append(f"{name}: {show(source['reason'] or source['role'])}")
        elif not present and find_member(case, source, evidence_root):
            result.n_sources += 1
        elif not present and any(archives_of(case, source, evidence_root)):
            recorded = show(source["source_sha256"])
            result.find(name, f"its archive no longer has such a member, recorded SHA-256 is {recorded}")
        elif not present:
            absent.append(name)
        elif (found := find_source(case, source, evidence_root)) is None:
            recorded = show(source["source_sha256"])
            result.find(name, f"the evidence in {show(present[0])} was changed, recorded SHA-256 is {recorded}")
        else:
            result.n_sources += 1
            if found.stat().st_size != source["n_bytes"]:
                result.notes.append(f"{name}: has grown since; what was read of it is as recorded")
    n_looked_at = len(sources) - len(absent) - len(unhashed)
    if n_looked_at or not sources:
        result.check("evidence", f"{_of_all(n_looked_at, sources)} against the recorded hashes", n_before)
    if absent:
        result.leave("evidence", f"{_of_all(len(absent), sources)} not at hand ({_some(absent)}); --logs DIR")
    if unhashed:
        result.leave("evidence", f"{_of_all(len(unhashed), sources)} without a recorded hash ({_some(unhashed)})")


def _of_all(n: int, sources: Sequence[object]) -> str:
    return f"{units.count(n)} of {units.count(len(sources))} files"


def _some(names: Sequence[str]) -> str:
    """Return the names if they are few, else one of them: the list has to stay short."""
    if len(names) <= _LISTED:
        return ", ".join(names)
    return f"{names[0]} and {units.count(len(names) - 1)} more"
