"""Writes again everything that is made by the program, or tells what is out of date.

    python tools/generate.py                 write all of it
    python tools/generate.py --check         write nothing, name what differs, exit with 1 if anything does
    python tools/generate.py lock example    these alone

Committed: the lock of the catalogue, the chapters of docs/formats.md, the sample logs, the example report.
Built into build/docs and not committed: the pages on commands, tables and heuristics, which the program also prints.
Built into build/site and not committed: the documentation as a site; open build/site/index.html.
"""

from __future__ import annotations

import argparse
import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from example import write_example
from pages import pages, schemas
from samples import SAMPLES, write_sample
from site_pages import build_site

from distilforensics.analysis.catalogue.lock import lock_file, lock_text
from distilforensics.simulate.simulation import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
BUILT = "build"
"""What lies in this folder is made anew each time and compared with nothing."""


def _pages(root: Path) -> None:
    (root / BUILT / "docs").mkdir(parents=True)
    for name, text in pages().items():
        (root / BUILT / "docs" / name).write_text(text, encoding="utf-8")
    (root / BUILT / "docs" / "schemas").mkdir()
    for name, text in schemas().items():
        (root / BUILT / "docs" / "schemas" / name).write_text(text, encoding="utf-8")


def _site(root: Path) -> None:
    build_site(root / BUILT / "site")


def _formats(root: Path) -> None:
    (root / "docs").mkdir(exist_ok=True)
    target = shutil.copy(ROOT / "docs" / "formats.md", root / "docs")
    subprocess.run([sys.executable, "-m", "cogapp", "-r", "-I", "tools", target], check=True, stdout=subprocess.DEVNULL)


def _lock(root: Path) -> None:
    path = root / Path(str(lock_file())).relative_to(ROOT)
    path.parent.mkdir(parents=True)
    path.write_text(lock_text(), encoding="utf-8")


def _samples(root: Path) -> None:
    for name in SAMPLES:
        write_sample(name, root / "sample_logs" / name)


def _example(root: Path) -> None:
    (root / "reports").mkdir()
    write_example(root / "reports" / "example")


KINDS: dict[str, Callable[[Path], None]] = {
    "pages": _pages,
    "site": _site,
    "formats": _formats,
    "lock": _lock,
    "samples": _samples,
    "example": _example,
}
"""In an order in which each needs only what stands before it."""

WHOLE = (
    "build/docs",
    "build/site",
    "reports/example",
    *(f"sample_logs/{name}/{output}" for name in SAMPLES for output in OUTPUTS),
)
"""Folders and files that are replaced as a whole, so that what is made no longer goes."""


def differences(made: Path) -> list[str]:
    """Return the files that were made and are not, or not so, in the project, and those of the project that are no longer made."""
    found = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    kept = {
        path.relative_to(ROOT).as_posix()
        for name in WHOLE
        if (made / name).exists()
        for path in [ROOT / name, *(ROOT / name).rglob("*")]
        if path.is_file()
    }
    same, _, _ = filecmp.cmpfiles(
        made, ROOT, found & kept | {name for name in found if (ROOT / name).is_file()}, shallow=False
    )
    return sorted(name for name in (found | kept) - set(same) if not name.startswith(f"{BUILT}/"))


def replace(made: Path) -> None:
    """Put what was made in place of what was there."""
    for name in WHOLE:
        if (made / name).is_dir():
            shutil.rmtree(ROOT / name, ignore_errors=True)
    shutil.copytree(made, ROOT, dirs_exist_ok=True)


def main() -> int:
    """Make the named kinds in a folder of their own, then compare or replace."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "kinds", nargs="*", choices=[*KINDS, []], metavar="KIND", help=f"{', '.join(KINDS)}; all if omitted"
    )
    parser.add_argument("--check", action="store_true", help="write nothing, name what differs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generate-") as folder:
        made = Path(folder)
        for name in arguments.kinds or KINDS:
            KINDS[name](made)
        changed = differences(made)
        if not arguments.check:
            replace(made)
    for name in changed:
        print(f"{'differs' if arguments.check else 'written'}: {name}")
    if arguments.check and changed:
        print("write it again with: python tools/generate.py", file=sys.stderr)
    return int(arguments.check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
