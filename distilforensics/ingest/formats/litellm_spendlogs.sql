/*---
id = "litellm_spendlogs"
version = 1
title = "LiteLLM spend logs (table LiteLLM_SpendLogs as JSON rows, /spend/logs answers or psql CSV)"
gateway = "litellm"
framing = "json"
has_request_id = true
account = "`user` (the LiteLLM user who owns the key); `api_key` (SHA-256 of the key) where a key has no user"
tenant = "`team_id`, else `organization_id`"
time = "$.startTime"
missing = [
    "prompt and response unless store_prompts_in_spend_logs was on; then strings over 2048 characters are cut in the middle",
    "client address unless the proxy trusts X-Forwarded-For or sees clients directly",
    "rows whose id collided with an earlier one: LiteLLM drops them without a trace",
    "TLS fingerprint, country and autonomous system",
]
known_keys = [
    "request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens", "completion_tokens", "startTime", "endTime",
    "request_duration_ms", "completionStartTime", "model", "model_id", "model_group", "custom_llm_provider", "api_base", "user", "metadata",
    "cache_hit", "cache_key", "request_tags", "team_id", "organization_id", "end_user", "requester_ip_address", "messages", "response",
    "session_id", "status", "mcp_namespaced_tool_name", "billing_agent_id", "agent_id", "proxy_server_request", "litellm_call_id",
    "created_at", "updated_at",
]

[detection]
keys_all = ["request_id", "call_type", "startTime", "api_key"]
keys_any = ["spend", "completion_tokens", "cache_hit"]
keys_none = ["model_map_information", "hidden_params"]
---*/
with parsed as not materialized (
    select
        row_index,
        line,
        json_transform(line, '{
            "request_id": "VARCHAR", "call_type": "VARCHAR", "api_key": "VARCHAR", "spend": "VARCHAR",
            "prompt_tokens": "VARCHAR", "completion_tokens": "VARCHAR", "startTime": "VARCHAR", "endTime": "VARCHAR",
            "request_duration_ms": "VARCHAR", "model": "VARCHAR", "model_group": "VARCHAR", "custom_llm_provider": "VARCHAR",
            "user": "VARCHAR", "cache_hit": "VARCHAR", "request_tags": ["VARCHAR"], "team_id": "VARCHAR",
            "organization_id": "VARCHAR", "end_user": "VARCHAR", "requester_ip_address": "VARCHAR", "session_id": "VARCHAR",
            "status": "VARCHAR", "litellm_call_id": "VARCHAR",
            "metadata": {
                "user_agent": "VARCHAR", "requester_ip_address": "VARCHAR", "status": "VARCHAR",
                "user_api_key_project_id": "VARCHAR",
                "error_information": {"error_code": "VARCHAR", "error_class": "VARCHAR"},
                "usage_object": {
                    "cache_read_input_tokens": "VARCHAR", "cache_creation_input_tokens": "VARCHAR",
                    "prompt_tokens_details": {"cached_tokens": "VARCHAR", "cache_creation_tokens": "VARCHAR"},
                    "completion_tokens_details": {"reasoning_tokens": "VARCHAR"}
                }
            },
            "messages": "VARCHAR",
            "response": {
                "id": "VARCHAR", "model": "VARCHAR", "stop_reason": "VARCHAR", "status": "VARCHAR", "output": "VARCHAR",
                "content": "VARCHAR",
                "choices": [{
                    "finish_reason": "VARCHAR", "text": "VARCHAR",
                    "message": {"content": "VARCHAR", "tool_calls": ["VARCHAR"], "thinking_blocks": [{"signature": "VARCHAR"}]}
                }]
            },
            "proxy_server_request": {
                "model": "VARCHAR", "stream": "VARCHAR", "n": "VARCHAR", "max_tokens": "VARCHAR", "max_completion_tokens": "VARCHAR",
                "max_output_tokens": "VARCHAR", "temperature": "VARCHAR", "top_p": "VARCHAR", "tools": ["VARCHAR"],
                "response_format": {"type": "VARCHAR"}, "reasoning_effort": "VARCHAR", "system": "VARCHAR", "instructions": "VARCHAR",
                "prompt": "VARCHAR", "input": "VARCHAR", "messages": [{"role": "VARCHAR", "content": "VARCHAR"}]
            }
        }') as j
    from lines
)
select
    row_index,
    line,
    j.startTime as started_at_raw,
    j.endTime as ended_at_raw,
    j.custom_llm_provider as provider,
    'litellm' as gateway,
    coalesce(nullif(j.team_id, ''), j.organization_id) as tenant_id,
    coalesce(nullif(j."user", ''), j.api_key) as account_id,
    j.end_user as end_user_id,
    j.api_key as api_key_id,
    j.session_id,
    j.litellm_call_id as trace_id,
    j.request_id,
    j.response.id as response_id,
    coalesce(nullif(j.requester_ip_address, ''), j.metadata.requester_ip_address) as client_ip,
    j.metadata.user_agent as user_agent,
    coalesce(nullif(j.model_group, ''), j.model) as model_requested,
    j.model as model_served,
    j.prompt_tokens as input_tokens,
    j.completion_tokens as output_tokens,
    j.spend as cost_usd,
    j.request_duration_ms as latency_ms,
    j.response.choices[1].finish_reason as finish_reason_raw,
    last_user_message(j.proxy_server_request.messages).content as prompt_text,
    j.response.choices[1].message.content as response_text
from parsed
