"""Every format parses back and says what its product says."""

import itertools
import re
from datetime import UTC, datetime

LITELLM_ROW_KEYS = {
    "request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens", "completion_tokens", "startTime", "endTime", "request_duration_ms",
    "completionStartTime", "model", "model_id", "model_group", "custom_llm_provider", "api_base", "user", "metadata", "cache_hit", "cache_key", "request_tags",
    "team_id", "organization_id", "end_user", "requester_ip_address", "messages", "response", "session_id", "status", "mcp_namespaced_tool_name",
    "billing_agent_id", "agent_id", "proxy_server_request", "litellm_call_id", "created_at", "updated_at",
}  # fmt: skip


def is_ordered(times):
    """Return whether times never go back."""
    return all(a <= b for a, b in itertools.pairwise(times))


def test_spend_log_rows_have_the_keys_of_the_product(small):
    """The whole row, in order of start, token sums right, times with milliseconds."""
    assert all(row.keys() == LITELLM_ROW_KEYS for row in small.spendlogs)
    assert is_ordered([row["startTime"] for row in small.spendlogs])
    assert all(row["total_tokens"] == row["prompt_tokens"] + row["completion_tokens"] for row in small.spendlogs)
    assert all(re.fullmatch(r"2026-03-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["startTime"]) for row in small.spendlogs)
    assert len({row["request_id"] for row in small.spendlogs}) == len(small.spendlogs)


def test_spend_log_keeps_prompts_in_the_request_and_cuts_long_strings(small):
    """Text lives in proxy_server_request; strings above 2048 characters are cut in the middle with a marker that tells how much is gone."""
    texts = [message["content"] for row in small.spendlogs for message in row["proxy_server_request"]["messages"]]
    texts += [row["response"]["choices"][0]["message"]["content"] for row in small.spendlogs if row["response"]]
    cut = [text for text in texts if "(litellm_truncated skipped" in text]
    assert {str(row["messages"]) for row in small.spendlogs} == {"{}"}
    assert max(len(text) for text in texts if text not in cut) <= 2048
    assert cut
    assert all(int(re.search(r"\.\.\. \(litellm_truncated skipped (\d+) chars\.", text)[1]) > 0 for text in cut)


def test_failed_calls_are_marked_in_every_format(small):
    """A failure has a status, no answer and no tokens."""
    failed = [row for row in small.spendlogs if row["status"] == "failure"]
    assert {row["metadata"]["error_information"]["error_code"] for row in failed} >= {"429"}
    assert all(row["response"] == {} and row["total_tokens"] == 0 for row in failed)
    assert all(row["error_information"]["error_code"] for row in small.payloads if row["status"] == "failure")
    assert all("output" not in row for row in small.bedrock if "errorCode" in row)
    assert all("output" in row for row in small.bedrock if "errorCode" not in row)
    calls = [row for row in small.nginx if row["account"] != "-"]
    assert all((row["bytes"] == "210") == (row["status"] != "200") for row in calls)
    assert all(row["response"] == "" and row["output_tokens"] == "0" for row in small.csv if row["status"] != "200")


def test_payloads_use_epoch_seconds_and_a_file_per_day(small):
    """Times are floats in seconds; the folder is the UTC day of the start."""
    paths = sorted((small.out / "logs" / "litellm-payload").glob("*/*.jsonl"))
    assert [path.parent.name for path in paths] == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
    days = [datetime.fromtimestamp(row["startTime"], UTC).strftime("%Y-%m-%d") for row in small.payloads]
    assert is_ordered(days)
    assert set(days) == {path.parent.name for path in paths}


def test_bedrock_files_are_hourly_and_times_have_whole_seconds(small):
    """The path carries the hour of the records; both kinds of output occur."""
    assert all(re.fullmatch(r"2026-03-\d\dT\d\d:\d\d:\d\dZ", row["timestamp"]) for row in small.bedrock)
    paths = sorted((small.out / "logs" / "bedrock").rglob("*.json.gz"))
    assert {"/".join(path.parts[-5:-1]) for path in paths} == {
        re.sub(r"[-T]", "/", row["timestamp"][:13]) for row in small.bedrock
    }
    outputs = {type(row["output"]["outputBodyJson"]) for row in small.bedrock if "output" in row}
    assert outputs == {dict, list}
    assert all(row["identity"]["arn"].startswith(f"arn:aws:iam::{row['accountId']}:user/") for row in small.bedrock)


def test_generic_tables_name_their_columns(small):
    """JSON lines and CSV carry the same names; line breaks inside of cells survive."""
    assert set(small.csv[0]) == {
        "timestamp", "request_id", "account_id", "tenant_id", "end_user", "model", "input_tokens", "output_tokens", "max_tokens", "temperature",
        "stream", "status", "finish_reason", "latency_ms", "client_ip", "user_agent", "system_prompt", "prompt", "response",
    }  # fmt: skip
    assert set(small.csv[0]) == set(small.jsonl[0]) - {"messages"}
    assert any("\n" in row["response"] for row in small.csv)
    assert all(int(row["latency_ms"]) >= 0 and row["stream"] in ("true", "false") for row in small.csv)


def test_the_access_log_is_rotated_and_ordered_by_the_end_of_requests(small):
    """Today and yesterday are plain, older ones gzipped; scanners and health checks stand between the calls."""
    names = sorted(path.name for path in (small.out / "logs" / "nginx").iterdir())
    assert names == ["access.log", "access.log.1", "access.log.2.gz", "access.log.3.gz"]
    days = [row["time"][:11] for row in small.nginx if row["request"].startswith("GET")]
    assert is_ordered([datetime.strptime(day, "%d/%b/%Y").replace(tzinfo=UTC) for day in days])
    assert {row["request"].split(" ")[0] for row in small.nginx} == {"POST", "GET", "\\x16\\x03\\x01"}
    assert {row["request"] for row in small.nginx if row["account"] != "-"} == {"POST /v1/chat/completions HTTP/1.1"}


def test_temperature_zero_repeats_its_answer(small):
    """An evaluation that asks the same question of the same model twice gets the same letter."""
    answers = {}
    for row in [*small.jsonl, *small.csv]:
        if str(row["temperature"]) == "0.0" and str(row["status"]) == "200":
            answers.setdefault((row["model"], row["prompt"]), set()).add(row["response"])
    assert answers
    assert all(len(found) == 1 for found in answers.values())


def test_answers_that_reach_their_limit_end_for_length(small):
    """A few callers set a small limit; the reason is told in the words of each product."""
    assert {row["response"]["choices"][0]["finish_reason"] for row in small.spendlogs if row["response"]} == {
        "stop",
        "length",
    }
    stops = {
        row["output"]["outputBodyJson"]["stopReason"]
        for row in small.bedrock
        if isinstance(row.get("output", {}).get("outputBodyJson"), dict)
    }
    assert stops == {"end_turn", "max_tokens"}


def test_tools_of_the_agent_product_are_logged_where_the_product_logs_them(small):
    """The coding agent offers four tools; nobody else does."""
    offered = {len(row["proxy_server_request"].get("tools", [])) for row in small.spendlogs}
    assert offered == {0, 4}
    assert {len(row["model_parameters"].get("tools", [])) for row in small.payloads} == {0, 4}
    bodies = [row["input"]["inputBodyJson"] for row in small.bedrock]
    assert {len(body.get("tools") or body.get("toolConfig", {}).get("tools", [])) for body in bodies} == {0, 4}
