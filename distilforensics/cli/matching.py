"""`distilforensics fingerprints` and `distilforensics match`: whether two providers see one pool, without showing each other prompts or accounts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import say
from distilforensics.cli.options import FILE, case_argument, command, examples, limits_options
from distilforensics.core.errors import UsageError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.matching.comparing import Common, Pair
    from distilforensics.pipeline.matching.marks import Group

_SHOWN = 12

key_option = click.option(
    "--key-file",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Secret that both sides share; make one with: openssl rand -hex 32.",
)


@command(
    "fingerprints",
    epilog=examples(
        "distilforensics fingerprints cases/2026-017 --key-file shared.key --out ours.json",
        "distilforensics fingerprints cases/2026-017 --key-file shared.key --out ours.json --campaigns-only",
    ),
)
@case_argument
@key_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="STIX 2.1 bundle to write.",
)
@click.option("--campaigns-only", is_flag=True, help="Leave out groups that may be one operator's own.")
@click.option("--force", "is_forced", is_flag=True, help="Replace the file if it is there.")
@limits_options
def fingerprints(
    case_dir: Path, key_file: Path, out: Path, campaigns_only: bool, is_forced: bool, limits: Limits, output: Output
) -> None:
    """Write keyed fingerprints of the groups of CASE.

    Another provider compares them with its own by `match`. No prompt, account, address or name is in the file:
    only keyed hashes of what the accounts of a group have in common, and how rare it is.
    Accounts in no campaign and no examined group leave nothing in it.
    """
    from distilforensics.case.layout import open_case, write_file
    from distilforensics.pipeline.matching.exchange import as_bundle
    from distilforensics.pipeline.matching.marks import Key, groups_of

    if out.exists() and not is_forced:
        raise UsageError("exists already", where=show(str(out)), hint="--force replaces it")
    key = Key(key_file)
    groups = [group for group in groups_of(open_case(case_dir), key, limits) if group.is_campaign or not campaigns_only]
    write_file(out, as_bundle(groups, key.check))
    if output.is_json:
        output.record({"file": str(out), "groups": [_about(group) for group in groups]})
        return
    output.table(
        ("group", "grade", "accounts", "fingerprints of"),
        [(group.name, group.grade, group.n_accounts, _counts(group)) for group in groups],
        is_last_whole=True,
    )
    if not groups and not output.is_quiet:
        say("note: this case has no campaign and no examined group, so the file holds no fingerprints")
    output.line(show(str(out)))


@command(
    "match",
    epilog=examples(
        "distilforensics match ours.json theirs.json",
        "distilforensics match theirs.json cases/2026-017 --key-file shared.key --json",
    ),
)
@click.argument("first", type=FILE, metavar="FILE")
@click.argument("second", type=click.Path(path_type=Path, exists=True), metavar="FILE_OR_CASE")
@click.option("--key-file", type=FILE, metavar="FILE", help="Secret of the first file; needed for a case.")
@limits_options
def match(first: Path, second: Path, key_file: Path | None, limits: Limits, output: Output) -> None:
    """Compare groups of two providers by fingerprints.

    Both files are made by `fingerprints` with one key. Two groups match if two kinds of things that are rare on both sides are in common:
    content, client program, payment, reasoning. One kind alone is listed and is no match: a public set of tasks or a public
    program has many users. With a case in place of the second file, all of its accounts are searched, also those in no campaign.
    """
    from distilforensics.pipeline.matching.comparing import compare
    from distilforensics.pipeline.matching.exchange import read_bundle

    check, groups = read_bundle(first)
    if second.is_dir():
        _search(groups, check, second, key_file, limits, output)
        return
    other_check, others = read_bundle(second)
    if groups and others and check != other_check:
        raise UsageError(
            "the files were made with different keys and cannot be compared",
            where=show(str(second)),
            hint="agree on one key and make both again with: distilforensics fingerprints CASE --key-file KEY --out FILE",
        )
    pairs = compare(groups, others)
    if output.is_json:
        output.record({"n_first": len(groups), "n_second": len(others), "pairs": [_pair(pair) for pair in pairs]})
        return
    n_matches = sum(pair.is_match for pair in pairs)
    output.line(
        f"{n_matches} of {len(groups)} x {len(others)} pairs of groups match; "
        f"{len(pairs) - n_matches} more have one kind of thing in common"
    )
    for pair in pairs[:_SHOWN]:
        output.line()
        output.line(
            f"{show(pair.a.name)} ({pair.a.n_accounts} accounts) and {show(pair.b.name)} ({pair.b.n_accounts} accounts): "
            + (f"match, {pair.bits} bits" if pair.is_match else "one kind of thing in common, no match")
        )
        output.table(
            ("bits", "first", "second", "in common"),
            [(common.bits, f"{common.share_a:.0%}", f"{common.share_b:.0%}", _words(common)) for common in pair.common],
            is_last_whole=True,
        )
        if pair.cannot_tell:
            output.line(f"Not compared, since one side has none: {', '.join(pair.cannot_tell)}")
    if len(pairs) > _SHOWN:
        output.line(f"and {len(pairs) - _SHOWN} more; --json has all")


def _search(
    groups: list[Group], check: str, folder: Path, key_file: Path | None, limits: Limits, output: Output
) -> None:
    """Look for the marks of groups among all accounts of a case."""
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline.matching.comparing import sightings
    from distilforensics.pipeline.matching.marks import Key, accounts_with

    if key_file is None:
        raise UsageError("a case needs the key of the file", where=show(str(folder)), hint="--key-file FILE")
    key = Key(key_file)
    if groups and key.check != check:
        raise UsageError("the file was made with another key", where=show(str(key_file)))
    wanted: dict[str, list[str]] = {}
    for group in groups:
        for kind, values in group.marks.items():
            wanted.setdefault(kind, []).extend(values)
    holders, n_accounts = accounts_with(open_case(folder), key, wanted, limits)
    found = sightings(groups, holders, n_accounts)
    if output.is_json:
        output.record({"n_accounts": n_accounts, "accounts": [asdict(sighting) for sighting in found]})
        return
    output.line(f"{len({s.account_id for s in found})} of {n_accounts} accounts hold rare marks of two kinds")
    output.table(
        ("group", "account", "marks", "kinds"),
        [(s.group, s.account_id, s.n_values, ", ".join(s.kinds)) for s in found[:_SHOWN]],
        is_last_whole=True,
    )
    if len(found) > _SHOWN:
        output.line(f"and {len(found) - _SHOWN} more; --json has all")


def _words(common: Common) -> str:
    from distilforensics.pipeline.matching.marks import KINDS, SETS

    return f"{KINDS[common.kind]}, {common.n}" if common.kind in SETS else KINDS[common.kind]


def _counts(group: Group) -> str:
    return ", ".join(f"{len(values)} {kind}" for kind, values in group.marks.items()) or "nothing that can be compared"


def _about(group: Group) -> dict[str, object]:
    return {
        "group": group.name,
        "grade": group.grade,
        "n_accounts": group.n_accounts,
        "n_fingerprints": {kind: len(values) for kind, values in group.marks.items()},
    }


def _pair(pair: Pair) -> dict[str, object]:
    return {
        "first": _about(pair.a),
        "second": _about(pair.b),
        "is_match": pair.is_match,
        "bits": pair.bits,
        "bits_of_families": pair.families,
        "cannot_tell": list(pair.cannot_tell),
        "in_common": [
            {
                "kind": common.kind,
                "bits": common.bits,
                "n_values": common.n,
                "share_of_first": round(common.share_a, 4),
                "share_of_second": round(common.share_b, 4),
            }
            for common in pair.common
        ],
    }
