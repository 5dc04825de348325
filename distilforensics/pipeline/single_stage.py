"""Single stages of a case that is built step by step; the examiner seals it when done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.case import custody, manifest, timestamp
from distilforensics.case.layout import create_case, write_file
from distilforensics.case.locking import locked
from distilforensics.case.seal_file import QUERY, SEAL, TOKEN
from distilforensics.case.stages import file_sha256
from distilforensics.core.errors import CaseError, IntegrityError, UsageError
from distilforensics.core.text import show
from distilforensics.pipeline.calibration_files import CalibrationFiles, copy_into_case
from distilforensics.pipeline.record import Timing, read_record, write_record
from distilforensics.pipeline.run import described, read_logs, recorded, run_step, seal_timed
from distilforensics.pipeline.steps import STEPS, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.case.signing import Signer
    from distilforensics.core.progress import Progress
    from distilforensics.ingest.options import IngestOptions, IngestSummary


def run_single_stage(
    case: Case, step: Step, limits: Limits, progress: Progress, calibration_files: CalibrationFiles | None = None
) -> Timing:
    """Run one stage of an existing case by itself; the case has to be sealed again afterwards.

    Raises:
        CaseError: the case is in use, or an earlier stage has not run.
    """
    started_at = custody.now()
    with locked(case, step.name), recorded(case, step.name, {}):
        if calibration_files is not None:
            copy_into_case(case, calibration_files)
        timing = run_step(case, step, limits, progress)
        _merge_record(case, step.name, started_at, limits, [timing])
    return timing


def ingest_only(
    inputs: Sequence[str], case_dir: Path, options: IngestOptions, limits: Limits, progress: Progress
) -> tuple[IngestSummary, Timing]:
    """Read logs into a case without analysing them."""
    case, started_at = create_case(case_dir), custody.now()
    timings: list[Timing] = []
    with locked(case, "ingest"), recorded(case, "ingest", described(inputs, options)):
        summary = read_logs(case, inputs, options, limits, progress, timings)
        _merge_record(case, "ingest", started_at, limits, timings, inputs, options.parameters())
    return summary, timings[0]


def seal_case(case: Case, progress: Progress, signer: Signer | None = None) -> dict[str, str]:
    """Seal a case whose stages were run one by one; a seal that still holds, made with the same key, stays."""
    with locked(case, "seal"):
        return manifest.current_seal(case, signer) or seal_timed(case, [], progress, signer)


def request_timestamp(case: Case) -> Path:
    """Return the file with the request for a time stamp over the seal of a case.

    Raises:
        CaseError: the case is not sealed, or has changed since.
    """
    with locked(case, "seal"):
        _require_sealed(case)
        path = case.root / QUERY
        write_file(path, timestamp.request((case.root / SEAL).read_bytes()))
        (case.root / TOKEN).unlink(missing_ok=True)
    return path


def keep_timestamp(case: Case, token: Path, authority: Path | None) -> str:
    """Keep the token that answers the request of a case, and return its time.

    Args:
        case: The case.
        token: What the authority answered (TimeStampResp, usually .tsr).
        authority: Certificates of the authority (PEM); without them nobody checks who signed the token.

    Raises:
        CaseError: the case is not sealed, has changed since, or no time stamp was requested.
        IntegrityError: the token does not answer the request, or was not signed under these certificates.
        UsageError: certificates were given and the program openssl is not installed.
    """
    with locked(case, "seal"):
        _require_sealed(case)
        query = case.root / QUERY
        if not query.is_file():
            raise CaseError(
                "no time stamp was requested",
                where=show(case.root),
                hint="distilforensics seal --case DIR --timestamp-request",
            )
        content = token.read_bytes()
        if faults := timestamp.faults((case.root / SEAL).read_bytes(), query.read_bytes(), content):
            raise IntegrityError("; ".join(faults), where=show(token), hint="send the request in the case once more")
        if authority is not None:
            if not timestamp.has_openssl():
                raise UsageError("--ca needs the program openssl, which is not installed")
            if fault := timestamp.signature_fault(query, token, authority):
                raise IntegrityError(f"is not signed under the certificates given: {show(fault)}", where=show(token))
        write_file(case.root / TOKEN, content)
        time = timestamp.read_token(content).time
        custody.append(case, manifest.TIMESTAMPED, {"token_sha256": file_sha256(case.root / TOKEN), "time": time})
    return time


def _require_sealed(case: Case) -> None:
    if manifest.current_seal(case) is None:
        raise CaseError(
            "is not sealed, or has changed since", where=show(case.root), hint="distilforensics seal --case DIR"
        )


def _merge_record(
    case: Case,
    command: str,
    started_at: str,
    limits: Limits,
    timings: Sequence[Timing],
    inputs: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Write run.json so that it also keeps the other stages of a case that is built stage by stage."""
    before = read_record(case)
    done = {timing.stage for timing in timings}
    earlier = [Timing(**stage) for stage in before.get("stages", []) if stage["stage"] not in done]
    order = ["ingest", *(step.name for step in STEPS if step.name != "report"), "power", "report"]
    write_record(
        case,
        command=command,
        started_at=started_at,
        limits=limits,
        inputs=inputs or before.get("inputs", []),
        options=options or before.get("options", {}),
        timings=sorted([*earlier, *timings], key=lambda timing: order.index(timing.stage)),
    )
