"""A signed seal is verified by openssl, and whoever rewrites the case is named by `verify --key` and by check.sh."""

import json
import os
import shutil
import subprocess

import pytest

from distilforensics.case import custody, manifest
from distilforensics.case.layout import Case
from distilforensics.case.seal_file import PUBLIC_KEY, QUERY, SEAL, SIGNATURE, TOKEN
from distilforensics.case.signing import read_public_key, read_signer
from distilforensics.case.verification import verify
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.errors import CaseError, IntegrityError, UsageError
from distilforensics.pipeline.single_stage import keep_timestamp, request_timestamp


def openssl(*arguments, **options):
    """Run openssl, which must succeed, and return what it printed."""
    done = subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True, **options)
    return done.stdout


def make_key(folder, name):
    """Return private and public key as openssl makes them."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    return private, public


def signer_of(path):
    """Read a key that is not encrypted."""
    return read_signer(path, lambda: pytest.fail("asked for a passphrase"))


@pytest.fixture
def keys(tmp_path):
    """The examiner's keys."""
    return make_key(tmp_path, "examiner")


@pytest.fixture
def signed(sealed, keys):
    """The sealed case, sealed again with the examiner's key."""
    manifest.seal(sealed, signer_of(keys[0]))
    return sealed


def recipe(case, key=None):
    """Run check.sh as a stranger would, and return its exit code and lines."""
    done = subprocess.run(
        ["sh", str(case.root / manifest.CHECK), str(case.root), *([str(key)] if key else [])],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "" == done.stderr
    return done.returncode, done.stdout.splitlines()


def test_openssl_verifies_the_signature(signed, keys):
    """With the public key of the examiner and with the one in the case, which are the same."""
    for key in (keys[1], signed.root / PUBLIC_KEY):
        output = openssl(
            *("pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", key),
            *("-in", signed.root / SEAL, "-sigfile", signed.root / SIGNATURE),
        )
        assert "Signature Verified Successfully" in output
    assert keys[1].read_bytes() == (signed.root / PUBLIC_KEY).read_bytes()


def test_sha256sum_reads_the_seal(signed):
    """The line about the custody log is a comment to it."""
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", SEAL], cwd=signed.root, check=False, capture_output=True, text=True
    )
    assert ["run.json: OK", "manifest-sha256.txt: OK", "tagmanifest-sha256.txt: OK"] == done.stdout.splitlines()
    assert 0 == done.returncode


def test_verify_says_against_which_key_it_checked(signed, keys):
    """Without a key the signature is named as not checked."""
    fingerprint = read_public_key(keys[1]).fingerprint
    with_key, without = verify(signed, key=keys[1]), verify(signed)

    assert [] == with_key.problems == without.problems
    assert [f"signature: made with the key given, SHA-256 {fingerprint}"] == with_key.checked
    assert any(fingerprint in sentence and "--key" in sentence for sentence in without.unchecked)
    assert (0, "checked the signature: made with the key given") == (
        recipe(signed, keys[1])[0],
        recipe(signed, keys[1])[1][0],
    )


def test_an_encrypted_key_is_opened_by_its_passphrase(tmp_path, keys):
    """A wrong one is a sentence."""
    path = tmp_path / "encrypted.pem"
    openssl("pkey", "-in", keys[0], "-aes256", "-passout", "pass:correct horse", "-out", path)

    assert signer_of(keys[0]).public.pem == read_signer(path, lambda: "correct horse").public.pem
    with pytest.raises(UsageError, match="does not open this key"):
        read_signer(path, lambda: "wrong")


@pytest.mark.parametrize("kind", ["rsa", "text", "public"])
def test_what_is_no_key_for_signing_is_refused(tmp_path, keys, kind):
    """Another algorithm, no key at all, the wrong half."""
    path = tmp_path / "other.pem"
    if kind == "rsa":
        openssl("genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path)
    else:
        path.write_bytes(b"no key" if kind == "text" else keys[1].read_bytes())

    with pytest.raises(UsageError, match=r"is no (Ed25519|private) key"):
        signer_of(path)


def rewrite(case, name, content):
    """Write a file of the case as an attacker would."""
    path = case.root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.chmod(0o644) if path.exists() else None
    path.write_bytes(content)


def flip_byte(case, _):
    path = case.table_path("sources")
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    rewrite(case, "data/sources.parquet", bytes(content))


def swap_tables(case, _):
    first, second = case.table_path("quarantine"), case.table_path("sources")
    one, other = first.read_bytes(), second.read_bytes()
    rewrite(case, case.name_of(first), other)
    rewrite(case, case.name_of(second), one)


def edit_report_and_manifest(case, _):
    """The report and the line about it; the manifest's own hash stays behind."""
    rewrite(case, "report/report.html", b"<!doctype html>nothing was found")
    rewrite(case, manifest.TAG_MANIFEST, manifest._manifest(case, list(manifest.tag_files(case))))


def seal_anew(case, _):
    """Everything made anew with this very program, without the examiner's key."""
    rewrite(case, "report/report.html", b"<!doctype html>nothing was found")
    manifest.seal(case)


def sign_with_another_key(case, folder):
    """The same, signed with a key of one's own."""
    rewrite(case, "report/report.html", b"<!doctype html>nothing was found")
    manifest.seal(case, signer_of(make_key(folder, "mallory")[0]))


def cut_custody(case, _):
    content = case.custody_log.read_bytes()
    case.custody_log.write_bytes(b"".join(content.splitlines(keepends=True)[:-1]))


def rewrite_custody(case, _):
    """A whole new chain that says the same about the seal and something else about the run."""
    entries = custody.entries(case)
    case.custody_log.unlink()
    for entry in entries:
        details = {"cwd": "/elsewhere"} if entry["action"] == "run started" else entry["details"]
        custody.append(case, entry["action"], details)


def remove_signature(case, _):
    for name in (SIGNATURE, PUBLIC_KEY):
        (case.root / name).unlink()


ATTACKS = {
    flip_byte: ("data/sources.parquet",),
    swap_tables: ("data/sources.parquet", "data/quarantine.parquet"),
    edit_report_and_manifest: ("tagmanifest-sha256.txt",),
    seal_anew: (SIGNATURE,),
    sign_with_another_key: (SIGNATURE, SEAL),
    cut_custody: ("custody.jsonl",),
    rewrite_custody: ("custody.jsonl",),
    remove_signature: (SIGNATURE,),
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_every_forgery_is_named_by_verify_and_by_the_recipe(signed, keys, tmp_path, attack):
    """Both name one of the places; with an untouched case both are content."""
    assert (0, True) == (recipe(signed, keys[1])[0], verify(signed, key=keys[1]).is_intact)
    attack(signed, tmp_path)

    problems = [str(problem) for problem in verify(Case(signed.root), key=keys[1]).problems]
    code, lines = recipe(signed, keys[1])
    assert any(problem.startswith(ATTACKS[attack]) for problem in problems), problems
    assert 5 == code
    assert any(line.removeprefix("PROBLEM ").startswith(ATTACKS[attack]) for line in lines), lines


def test_a_replaced_case_is_named(signed, keys, tmp_path):
    """A case in the same place that somebody else made and signed."""
    other = tmp_path / "other"
    shutil.copytree(signed.root, other)
    seal_anew(Case(other), None)
    shutil.rmtree(signed.root)
    other.rename(signed.root)

    assert SIGNATURE in [problem.where for problem in verify(Case(signed.root), key=keys[1]).problems]
    assert 5 == recipe(signed, keys[1])[0]


def test_the_recipe_names_what_no_manifest_holds(signed, keys):
    """Strays, links, pipes, empty folders, lines that lead out; names with spaces and escape sequences."""
    os.mkfifo(signed.report / "a pipe")
    (signed.root / "a link").symlink_to("/etc")
    (signed.findings / "an empty one").mkdir()
    (signed.temporary / "left over").write_text("x")
    (signed.root / "report" / "stray \x1b[2J.txt").write_text("x")
    path = signed.root / manifest.PAYLOAD_MANIFEST
    path.write_bytes(path.read_bytes() + f"{'0' * 64}  ../../etc/passwd\nno line\n".encode())
    code, lines = recipe(signed, keys[1])
    text = "\n".join(lines)

    assert 5 == code
    assert "\x1b" not in text
    for expected in (
        "PROBLEM report/a pipe: is a link, pipe",
        "PROBLEM a link: is a link, pipe",
        "PROBLEM report/stray ?[2J.txt: is in the case folder and in no manifest",
        "PROBLEM ../../etc/passwd: is named by a manifest and lies outside",
        "PROBLEM no line: is no line of manifest-sha256.txt",
        "PROBLEM manifest-sha256.txt: differs from seal-sha256.txt",
        "NOT CHECKED tmp/left over",
        "NOT CHECKED findings/an empty one",
    ):
        assert expected in text


def test_the_recipe_reads_names_with_signs_that_manifests_encode(sealed, tmp_path, keys):
    """Spaces, per cent signs, backslashes and line ends in the name of a file, in a folder with a space."""
    for name in ("two words.txt", "50%.txt", "back\\slash.txt", "line\nend.txt", "-n"):
        (sealed.report / name).write_text(name)
    manifest.seal(sealed, signer_of(keys[0]))
    moved = tmp_path / "a case with spaces"
    sealed.root.rename(moved)

    assert [] == verify(Case(moved), key=keys[1]).problems
    code, lines = recipe(Case(moved), keys[1])
    assert (0, []) == (code, [line for line in lines if line.startswith("PROBLEM")])


def test_a_seal_that_still_holds_stays(signed, keys):
    """Unless another key is wanted, or the examiner has said something since."""
    signer = signer_of(keys[0])

    assert manifest.current_seal(signed) == manifest.current_seal(signed, signer) is not None
    custody.append(signed, manifest.NOTE, {"text": "x"})
    assert manifest.current_seal(signed) is None


# -- time stamps ------------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path):
    """A time-stamping authority made with openssl: answers requests; `root` is its certificate."""
    folder = tmp_path / "authority"
    folder.mkdir()
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(
        "[req]\ndistinguished_name = dn\n[dn]\n[ca]\nbasicConstraints = critical,CA:TRUE\n"
        "[leaf]\nextendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature\n"
        "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\nsigner_cert = leaf.pem\nsigner_key = leaf.key\n"
        "signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\ncerts = root.pem\n"
    )
    config = ("-config", "tsa.cnf")
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "30"),
        *("-subj", "/CN=Root", "-extensions", "ca", *config),
        cwd=folder,
    )
    openssl(*("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr"), "-subj", "/CN=Clock", *config, cwd=folder)  # fmt: skip
    openssl(
        *("x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"),
        *("-out", "leaf.pem", "-days", "30", "-extfile", "tsa.cnf", "-extensions", "leaf"),
        cwd=folder,
    )

    class Authority:
        root = folder / "root.pem"

        @staticmethod
        def answer(query):
            token = folder / f"{query.parent.name}.tsr"
            openssl("ts", "-reply", *config, "-queryfile", query, "-out", token, cwd=folder)
            return token

    return Authority


def test_openssl_reads_the_request(signed):
    """Version, algorithm, imprint of the seal, nonce and the wish for certificates."""
    request_timestamp(signed)
    text = openssl("ts", "-query", "-in", signed.root / QUERY, "-text")

    for line in ("Version: 1", "Hash Algorithm: sha256", "Certificate required: yes", "Nonce: 0x"):
        assert line in text


def test_a_token_that_answers_the_request_is_kept_and_reported(signed, keys, authority):
    """`verify` names its time, and under which certificates it was signed; openssl agrees without this program."""
    token = authority.answer(request_timestamp(signed))
    time = keep_timestamp(signed, token, authority.root)
    result = verify(signed, key=keys[1], authority=authority.root)

    assert [] == result.problems
    assert [] == result.notes
    assert f"time stamp: {time} UTC, signed under the certificates given" in result.checked
    assert any("--ca" in sentence for sentence in verify(signed).unchecked)
    openssl("ts", "-verify", "-queryfile", signed.root / QUERY, "-in", signed.root / TOKEN, "-CAfile", authority.root)
    assert 0 == recipe(signed, keys[1])[0]


def test_a_token_for_something_else_is_refused(signed, authority, keys, tmp_path):
    """For another request over the same seal, for another file, for no request, and bytes that are none."""
    early = authority.answer(request_timestamp(signed))
    request_timestamp(signed)
    with pytest.raises(IntegrityError, match="nonce differs"):
        keep_timestamp(signed, early, None)
    query = tmp_path / "elsewhere" / "other.tsq"
    query.parent.mkdir()
    openssl("ts", "-query", "-data", keys[0], "-sha256", "-cert", "-out", query)
    with pytest.raises(IntegrityError, match="other bytes than this seal"):
        keep_timestamp(signed, authority.answer(query), None)
    broken = tmp_path / "broken.tsr"
    for content in (b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"<html>", b"\x30\x05\x30\x03\x02\x01\x02"):
        broken.write_bytes(content)
        with pytest.raises(IntegrityError):
            keep_timestamp(signed, broken, None)
    (signed.root / QUERY).unlink()
    with pytest.raises(CaseError, match="no time stamp was requested"):
        keep_timestamp(signed, early, None)
    assert not (signed.root / TOKEN).exists()


def test_a_token_under_other_certificates_is_refused_and_named(signed, authority, tmp_path):
    """Its form alone says nothing about who signed it."""
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key", "-out", tmp_path / "x.pem"),
        *("-subj", "/CN=Other"),
    )
    token = authority.answer(request_timestamp(signed))
    with pytest.raises(IntegrityError, match="not signed under the certificates given"):
        keep_timestamp(signed, token, tmp_path / "x.pem")
    keep_timestamp(signed, token, authority.root)

    assert [TOKEN] == [problem.where for problem in verify(signed, authority=tmp_path / "x.pem").problems]


def test_a_changed_token_is_named(signed, authority):
    """Any byte, since the custody log names its hash."""
    keep_timestamp(signed, authority.answer(request_timestamp(signed)), None)
    content = bytearray((signed.root / TOKEN).read_bytes())
    content[-1] ^= 1
    (signed.root / TOKEN).write_bytes(content)

    assert [TOKEN] == [problem.where for problem in verify(signed).problems]


def test_the_commands_sign_stamp_and_verify(sealed, keys, authority, capsys):
    """As a user gives them, with exit codes."""
    case = str(sealed.root)
    commands = (
        ["seal", "--case", case, "--sign", str(keys[0]), "--timestamp-request"],
        ["verify", case, "--key", str(keys[1])],
    )
    assert [ExitCode.COMPLETE] * 2 == [run_cli([*command, "--no-color"]) for command in commands]
    token = authority.answer(sealed.root / QUERY)
    keep = ["seal", "--case", case, "--timestamp-token", str(token), "--ca", str(authority.root)]
    assert ExitCode.COMPLETE == run_cli(keep)
    capsys.readouterr()
    assert ExitCode.COMPLETE == run_cli(["verify", case, "--json", "--key", str(keys[1]), "--ca", str(authority.root)])
    told = json.loads(capsys.readouterr().out)
    assert 2 == len([sentence for sentence in told["checked"] if sentence.startswith(("signature", "time stamp"))])
    assert ExitCode.INTEGRITY == run_cli(["verify", case, "--key", str(make_key(sealed.root.parent, "other")[1])])
