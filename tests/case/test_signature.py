"""Seals that are signed and stamped: with the key given, nothing in the folder can be changed unnoticed, with or without the program."""

import hashlib
import json
import os
import shutil
import subprocess

import pytest

from distilforensics.case import chain, custody, manifest
from distilforensics.case.layout import open_case
from distilforensics.case.signature import read_key
from distilforensics.cli.diagnostics import ExitCode, run_cli


def openssl(*arguments, **options):
    """Run openssl."""
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, **options)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Folder with a key, its public key, and a key of somebody else."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("own", "other"):
        openssl("genpkey", "-algorithm", "ed25519", "-out", folder / f"{name}.pem")
        openssl("pkey", "-in", folder / f"{name}.pem", "-pubout", "-out", folder / f"{name}.pub.pem")
    return folder


@pytest.fixture(scope="module")
def signed(keys, sample_case, tmp_path_factory):
    """The case of the benign sample, signed."""
    case = tmp_path_factory.mktemp("signed") / "a case"
    shutil.copytree(sample_case("benign"), case)
    assert run_cli(["seal", "--case", str(case), "--sign", str(keys / "own.pem"), "-q"]) == 0
    return case


@pytest.fixture(scope="module")
def another(keys, sample_case, tmp_path_factory):
    """The case of another sample, signed by somebody else."""
    case = tmp_path_factory.mktemp("other") / "another"
    shutil.copytree(sample_case("metadata_only"), case)
    assert run_cli(["seal", "--case", str(case), "--sign", str(keys / "other.pem"), "-q"]) == 0
    return case


@pytest.fixture
def case(signed, tmp_path):
    """A copy to be changed."""
    return shutil.copytree(signed, tmp_path / "a case", symlinks=True)


def verify(case, key, capsys, *options):
    """Return whether the case is intact, problems and what was said of each subject that was checked and that was not."""
    capsys.readouterr()
    code = run_cli(["verify", str(case), *(["--key", str(key)] if key else []), *options, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == (ExitCode.COMPLETE if told["is_intact"] else ExitCode.INTEGRITY)
    problems = " ".join(f"{p['where']}: {p['message']}" for p in told["problems"])
    checked, unchecked = ({check["subject"]: check for check in told[kind]} for kind in ("checked", "not_checked"))
    return told["is_intact"], problems, checked, unchecked


def recipe(case, *arguments):
    """Return exit code and output of the shell recipe."""
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["sh", str(case / "check.sh"), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_openssl_alone_verifies_the_signature(signed, keys):
    """As standards.md demands: without the program."""
    openssl(
        *("pkeyutl", "-verify", "-pubin", "-inkey", keys / "own.pub.pem", "-rawin"),
        *("-in", signed / "seal.txt", "-sigfile", signed / "seal.txt.sig"),
    )
    der = openssl("pkey", "-pubin", "-in", keys / "own.pub.pem", "-outform", "DER").stdout
    last = custody.entries(open_case(signed))[-1]
    assert (last["action"], last["details"]["key_sha256"]) == ("sealed", hashlib.sha256(der).hexdigest())


def test_a_signed_case_is_intact_for_who_knows_the_key(signed, keys, capsys):
    """Another key is not enough, and the key in the case is said to show nothing."""
    intact, _, checked, unchecked = verify(signed, keys / "own.pub.pem", capsys)
    assert intact
    assert checked["signature"]["told"].startswith("against the key that was given, ")
    assert "signature" not in unchecked
    assert recipe(signed, keys / "own.pub.pem")[0] == 0
    intact, problems, checked, _ = verify(signed, keys / "other.pub.pem", capsys)
    assert not intact
    assert checked["signature"]["n_problems"] == 1
    assert "no signature of this seal" in problems
    assert recipe(signed, keys / "other.pub.pem")[0] == 1
    _, _, checked, unchecked = verify(signed, None, capsys)
    assert "signature" not in checked
    assert "name one that you know" in unchecked["signature"]["told"]


def flip_a_byte(case):
    """In a table."""
    path = case / "data" / "customers.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap_tables(case):
    """Two tables change places."""
    one, other = case / "findings" / "accounts.parquet", case / "findings" / "campaigns.parquet"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def edit_report_and_manifest(case):
    """The tag manifest is computed again."""
    path = case / "report" / "report.html"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes() + b"<!-- x -->")
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    tags = case / "tagmanifest-sha256.txt"
    tags.write_text(tags.read_text().replace(before, after))


def seal_again(case):
    """Whoever has the program and the folder seals anew, with a key of his own or none."""
    opened = open_case(case)
    (case / "report" / "report.html").write_bytes(b"replaced")
    for path in case.joinpath("stages").glob("report*"):
        path.unlink()
    manifest.seal(opened)


def cut_custody(case):
    """The last line goes."""
    path = case / "custody.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def edit_custody(case):
    """A whole new chain with another actor, as somebody with the program can make it."""
    path = case / "custody.jsonl"
    lines, previous = [], custody.START
    for line in path.read_text().splitlines():
        entry = json.loads(line) | {"actor": "somebody", "previous": previous}
        previous = chain.hash_of(entry)
        lines.append(chain.canonical(entry | {"hash": previous}).decode())
    path.write_text("".join(f"{line}\n" for line in lines))


def drop_signature(case):
    """As if it had never been signed."""
    (case / "seal.txt.sig").unlink()


def add_a_file(case):
    """In no manifest."""
    (case / "report" / "more.html").write_text("x")


def add_a_pipe(case):
    """No file at all."""
    os.mkfifo(case / "findings" / "pipe")


def swap_with_another_case(case):
    """A table of the same name from another case, with its line in the manifest."""
    path, other = case / "data" / "links.parquet", case.parent / "another" / "data" / "links.parquet"
    before, after = (hashlib.sha256(place.read_bytes()).hexdigest() for place in (path, other))
    path.write_bytes(other.read_bytes())
    manifest_file = case / "manifest-sha256.txt"
    manifest_file.write_text(manifest_file.read_text().replace(before, after))


def replace_case(case):
    """A whole other case, signed by somebody else and consistent in itself."""
    shutil.rmtree(case)
    shutil.copytree(case.parent / "another", case)


def rewind(case):
    """Custody log and seal of an earlier state, as if the last run had not been; the report is today's."""
    cut_custody(case)
    path = case / "run.json"
    record = json.loads(path.read_text())
    record["custody"] = custody.head(open_case(case))
    path.write_text(json.dumps(record))
    manifest.seal(open_case(case))


ATTACKS = {
    flip_a_byte: ("data/customers.parquet",),
    swap_tables: ("findings/accounts.parquet", "findings/campaigns.parquet"),
    swap_with_another_case: ("manifest-sha256.txt",),
    edit_report_and_manifest: ("tagmanifest-sha256.txt",),
    replace_case: ("seal.txt",),
    seal_again: ("seal.txt",),
    cut_custody: ("custody.jsonl",),
    edit_custody: ("custody.jsonl",),
    rewind: ("seal.txt",),
    drop_signature: ("seal.txt",),
    add_a_file: ("report/more.html",),
    add_a_pipe: ("findings/pipe",),
}
"""What somebody does to a signed case, and what both tools name."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_whatever_is_changed_is_named_by_program_and_recipe(attack, case, another, keys, capsys):
    """With the key given, each file that is not what was signed."""
    shutil.copytree(another, case.parent / "another")
    attack(case)
    intact, problems, *_ = verify(case, keys / "own.pub.pem", capsys)
    code, said = recipe(case, keys / "own.pub.pem")
    differences = " ".join(line for line in said.splitlines() if "DIFFERS" in line or "FAILED" in line)

    assert (False, 1) == (intact, code), said
    assert [] == [name for name in ATTACKS[attack] if name not in problems]
    assert [] == [name for name in ATTACKS[attack] if name not in differences]


def test_a_replaced_case_is_consistent_in_itself(another, capsys):
    """So only a key from elsewhere tells it: without one nothing differs, and both tools say that no key was given."""
    intact, _, _, unchecked = verify(another, None, capsys)
    code, said = recipe(another)

    assert (True, 0) == (intact, code)
    assert "proves nothing" in unchecked["signature"]["told"]
    assert "not checked: the signature; name a public key" in said


def test_a_hostile_seal_is_a_finding(case, capsys):
    """No traceback, no escape sequence."""
    (case / "seal.txt").write_bytes(b"\x1b[2J\xff\x00" * 99)
    (case / "seal.txt.sig").write_bytes(b"")
    (case / "seal.pub.pem").write_bytes(b"\x1b[2J")
    (case / "seal.tsr").write_bytes(b"\x30\x80\x1b[2J")
    (case / "seal.tsq").write_bytes(b"\x30")
    run_cli(["verify", str(case)])
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert "Traceback" not in told.err
    assert "does not state the custody log" in told.out


def test_keys_that_are_none_are_refused(tmp_path, keys, capsys):
    """Another kind, an encrypted one without passphrase, no key at all; the passphrase opens it."""
    openssl("genpkey", "-algorithm", "x25519", "-out", tmp_path / "x.pem")
    openssl(
        *("pkcs8", "-topk8", "-in", keys / "own.pem", "-out", tmp_path / "closed.pem"),
        *("-v2", "aes256", "-passout", "pass:sesame"),
    )
    (tmp_path / "no.pem").write_text("nothing")
    (tmp_path / "word").write_text("sesame\n")
    for name, told in (("x.pem", "another kind of key"), ("closed.pem", "is encrypted"), ("no.pem", "no private key")):
        assert run_cli(["seal", "--case", str(tmp_path), "--sign", str(tmp_path / name)]) == ExitCode.USAGE
        assert told in capsys.readouterr().err
    assert read_key(tmp_path / "closed.pem", b"sesame").fingerprint == read_key(keys / "own.pem").fingerprint


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Folder with a time-stamp authority that openssl plays."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ncrypto_device=builtin\nsigner_cert=tsa.pem\ncerts=tsa.pem\nsigner_key=tsa.key\n"
        "signer_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256,sha512\naccuracy=secs:1\nordering=yes\ntsa_name=no\ness_cert_id_chain=no\n"
        "[ext]\nextendedKeyUsage=critical,timeStamping\nbasicConstraints=CA:TRUE\n"
        "[req]\ndistinguished_name=dn\n[dn]\n"
    )
    (folder / "serial").write_text("01\n")
    openssl(
        *(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "tsa.key",
            "-out",
            "tsa.pem",
            "-subj",
            "/CN=stamps.example",
        ),
        *("-days", "3650", "-config", "tsa.cnf", "-extensions", "ext"),
        cwd=folder,
    )
    return folder


def test_a_stamp_takes_two_steps_and_no_network(case, keys, authority, tmp_path, capsys):
    """Request out, answer in; an answer to something else is refused."""
    assert run_cli(["seal", "--case", str(case), "--timestamp-request"]) == 0
    assert "SHA-512" in openssl("ts", "-query", "-in", case / "seal.tsq", "-text").stdout.decode().upper().replace(
        "SHA512", "SHA-512"
    )
    stamp = ("ts", "-reply", "-config", "tsa.cnf", "-section", "t", "-out", tmp_path / "answer.tsr")
    openssl(*stamp, "-queryfile", case / "seal.tsq", cwd=authority)
    shutil.copy(tmp_path / "answer.tsr", tmp_path / "right.tsr")
    (tmp_path / "else").write_text("something else")
    openssl("ts", "-query", "-data", tmp_path / "else", "-sha512", "-out", tmp_path / "else.tsq")
    openssl(*stamp, "-queryfile", tmp_path / "else.tsq", cwd=authority)
    assert (
        run_cli(["seal", "--case", str(case), "--timestamp-token", str(tmp_path / "answer.tsr")]) == ExitCode.INTEGRITY
    )
    assert run_cli(["seal", "--case", str(case), "--timestamp-token", str(tmp_path / "else")]) == ExitCode.USAGE
    assert "no answer" in capsys.readouterr().err
    assert run_cli(["seal", "--case", str(case), "--timestamp-token", str(tmp_path / "right.tsr")]) == 0
    intact, _, checked, unchecked = verify(case, keys / "own.pub.pem", capsys)
    assert intact
    assert checked["time stamp"]["told"].startswith("stamps this seal at 20")
    assert "check.sh KEY CA_FILE" in unchecked["who stamped"]["told"]
    code, told = recipe(case, keys / "own.pub.pem", authority / "tsa.pem")
    assert code == 0, told
    shutil.copy(tmp_path / "answer.tsr", case / "seal.tsr")
    assert not verify(case, keys / "own.pub.pem", capsys)[0]
    assert recipe(case, keys / "own.pub.pem", authority / "tsa.pem")[0] == 1


def test_the_recipe_opens_nothing_outside_and_shows_no_escape_sequence(case, keys):
    """Lines that lead out, a pipe, leftovers and empty folders are named; names are printed as plain text."""
    os.mkfifo(case / "report" / "a pipe")
    (case / "findings" / "an empty one").mkdir()
    (case / "tmp" / "left over").write_text("x")
    (case / "report" / "stray \x1b[2J\\033[2J.txt").write_text("x")
    path = case / manifest.PAYLOAD_MANIFEST
    lines = "".join(f"{'0' * 64}  {name}\n" for name in ("/dev/zero", "../../elsewhere", "data/../../x"))
    path.write_bytes(path.read_bytes() + lines.encode())
    done = subprocess.run(["sh", str(case / "check.sh")], check=False, capture_output=True, text=True, timeout=60)

    assert 1 == done.returncode
    assert "\x1b" not in done.stdout + done.stderr
    for name in (
        "a pipe",
        "an empty one",
        "left over",
        "stray ?[2J\\033[2J.txt is in no list",
        "  /dev/zero",
        "data/../../x",
    ):
        assert name in done.stdout
    assert "elsewhere: FAILED" not in done.stdout
