"""`--reconcile` from the command line to the report."""

import json

from distilforensics.cli.diagnostics import run_cli

CALL = '{"timestamp":"2026-03-02T1%d:00:01Z","api_key_id":"key_1","model":"m-1","prompt_tokens":1%d,"completion_tokens":5}\n'


def test_the_line_the_topic_and_the_report_say_what_the_log_lacks(tmp_path, capsys):
    """Four requests are stated, three are in the log."""
    log, bill, case = tmp_path / "calls.jsonl", tmp_path / "bill.csv", tmp_path / "case"
    log.write_text("".join(CALL % (n, n) for n in range(3)), encoding="utf-8")
    bill.write_text("day,api_key,model,requests\n2026-03-02,key_1,m-1,4\n", encoding="utf-8")
    assert run_cli(["run", str(log), "--reconcile", str(bill), "--case", str(case)]) == 0
    words = " ".join(capsys.readouterr().err.split())
    assert "4 requests stated, 3 in the log; 1 (25.0 %) ARE MISSING from the log" in words
    assert run_cli(["show", str(case), "reconcile", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["n_missing"] for row in found["keys"]] == [1]
    page = (case / "report" / "report.html").read_text(encoding="utf-8")
    assert "missing from the log" in page
    assert '"fewer in the log"' in (case / "report" / "annexes" / "usage.csv").read_text(encoding="utf-8")
    # Without such an export nothing is said, and the same inputs can be named again.
    assert run_cli(["run", "-q", str(log), "--reconcile", str(bill), "--case", str(case)]) == 0
    assert run_cli(["run", "-q", str(log), "--case", str(tmp_path / "other")]) == 0
    capsys.readouterr()
    assert run_cli(["show", str(tmp_path / "other"), "reconcile"]) == 2
    assert "--reconcile FILE" in capsys.readouterr().err
