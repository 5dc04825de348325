"""The small logs of `sample_logs/`: scenarios with the arguments that made them, so that anybody can make them again.

`python tools/generate.py samples` writes them anew and leaves other files of the folders, such as README.md, alone.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from distilforensics.simulate.simulation import OUTPUTS, SimulationSummary, simulate


@dataclass(frozen=True, slots=True)
class SampleLog:
    """One sample: a scenario made small."""

    scenario: str
    seed: int
    scale: float
    days: int
    answer_length: float
    formats: tuple[str, ...] | None = None
    compression: dict[str, str] = field(default_factory=dict)


SAMPLES: dict[str, SampleLog] = {
    "pool": SampleLog("pool", 20_260_302, 0.35, 4, 0.35, compression={"litellm_spendlogs": "zst", "generic_csv": "gz"}),
    "benign": SampleLog("benign", 20_260_303, 0.18, 2, 0.2, formats=("generic_jsonl",)),
    "metadata_only": SampleLog("metadata_only", 20_260_304, 0.32, 4, 1.0),
}
"""Name of the folder -> how it is made."""


def write_sample(name: str, folder: Path) -> SimulationSummary:
    """Write the sample `name` into `folder`, replacing an earlier one and nothing else, and return what was written."""
    sample = SAMPLES[name]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=folder) as temporary:
        made = Path(temporary) / name
        summary = simulate(
            sample.scenario,
            made,
            seed=sample.seed,
            scale=sample.scale,
            days=sample.days,
            answer_length=sample.answer_length,
            formats=sample.formats,
            compression=sample.compression,
        )
        for output in sorted(OUTPUTS):
            target = folder / output
            if target.is_dir():
                shutil.rmtree(target)
            (made / output).replace(target)
    return summary
