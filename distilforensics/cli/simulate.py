"""`distilforensics simulate`: labelled logs for trying the program and for measuring error rates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import say
from distilforensics.cli.options import CASE_DIR, command, examples
from distilforensics.core import units

if TYPE_CHECKING:
    from distilforensics.cli.output import Output


@command(
    "simulate",
    epilog=examples(
        "distilforensics simulate pool --out simulated/pool --seed 7",
        "distilforensics simulate benign --out simulated/benign --formats litellm_spendlogs,nginx_combined --scale 2",
    ),
)
@click.argument("scenario")
@click.option("--out", type=CASE_DIR, required=True, metavar="DIR", help="Folder to create.")
@click.option("--seed", type=int, default=1, show_default=True, help="Everything random depends on it.")
@click.option("--formats", metavar="ID,...", help="Log formats; several partition the accounts.")
@click.option("--scale", type=float, default=1.0, show_default=True, help="Factor on the number of accounts.")
@click.option("--days", type=click.IntRange(min=1), help="Length in days.")
@click.option(
    "--compression", default="none", show_default=True, metavar="none|gz|zst", help="Compression of the logs."
)
@click.option(
    "--texts", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="Parquet files with real prompts (columns family, kind, prompt, response) to use in place of invented ones.",
)  # fmt: skip
@click.option("--families", metavar="NAME,...", help="Families of these texts to take.")
@click.option("--force", is_flag=True, help="Replace an earlier simulation in the folder.")
def simulate(
    scenario: str,
    out: Path,
    seed: int,
    formats: str | None,
    scale: float,
    days: int | None,
    compression: str,
    texts: Path | None,
    families: str | None,
    force: bool,
    output: Output,
) -> None:
    """Write labelled synthetic logs.

    Ordinary customers, their innocent look-alikes and, depending on SCENARIO, pools of coordinated accounts:
    pool, benign, metadata_only, pool_round_robin, pool_least_recently_used, pool_random, pool_sticky, low_and_slow, heavy_chaff, relay, relay_sticky,
    cleaner, pivot, access_log, hashes_only, evasive, hard_negatives.
    The folder gets logs/, labels.csv for `evaluate`, and scenario.json. All people and addresses in it are invented.
    """
    from distilforensics.simulate import simulate as write

    summary = write(
        scenario,
        out,
        seed=seed,
        formats=_names(formats),
        scale=scale,
        days=days,
        compression=compression,
        texts=texts,
        families=_names(families),
        force=force,
    )
    if output.is_json:
        output.record(
            {
                "out": str(summary.out),
                "files": list(summary.files),
                "n_exchanges": summary.n_exchanges,
                "n_accounts": summary.n_accounts,
            }
        )
        return
    if not output.is_quiet:
        say(
            f"{units.count(summary.n_exchanges)} exchanges of {units.count(summary.n_accounts)} accounts in {len(summary.files)} files"
        )
    output.line(str(summary.out / "logs"))


def _names(listed: str | None) -> list[str] | None:
    return [name.strip() for name in listed.split(",")] if listed else None
