"""Writes the program with everything it needs as one file, for machines without a network.

    pip install pex
    python tools/single_file.py dist

makes dist/distilforensics-VERSION-PLATFORM.pex and dist/SHA256SUMS. The file runs wherever there is the same Python on the same kind of machine:

    sha256sum -c SHA256SUMS
    python3.11 distilforensics-VERSION-PLATFORM.pex run exports/ --case cases/2026-017

Only this step needs a network, or a folder of wheels that pip is told of. The packages are those of constraints.txt, by hash.
On its first run the file unpacks itself into PEX_ROOT (a folder of the user's cache if that is not set); later runs use that.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def sha256(path: Path) -> str:
    """Return the hash of a file in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def build(folder: Path) -> Path:
    """Write the single file and its checksum into a folder, and return the path of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    platform = f"{sysconfig.get_platform()}-py{sys.version_info.major}{sys.version_info.minor}".replace("_", "-")
    with tempfile.TemporaryDirectory(prefix="single-file-") as name:
        wheels = Path(name)
        pip = [sys.executable, "-m", "pip", "--quiet"]
        pinned = ["--require-hashes", "-r", ROOT / "constraints.txt", "--only-binary", ":all:"]
        subprocess.run([*pip, "download", *pinned, "--dest", wheels], check=True)
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, ROOT], check=True)
        (wheel,) = wheels.glob("distilforensics-*.whl")
        target = folder.resolve() / f"distilforensics-{wheel.name.split('-')[1]}-{platform}.pex"
        # pip has checked the hashes; what is packed comes from this folder alone.
        command = ["pex", *sorted(wheels.glob("*.whl")), "--no-index", "-c", "distilforensics", "-o", target]
        subprocess.run([sys.executable, "-m", *command], check=True)
    (folder / "SHA256SUMS").write_text(f"{sha256(target)}  {target.name}\n", encoding="utf-8")
    return target


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    build(Path(sys.argv[1]))
