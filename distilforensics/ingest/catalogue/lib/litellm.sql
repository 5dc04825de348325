-- What both LiteLLM formats share.

-- A row of LiteLLM_SpendLogs with the fields that are used, all as text.
create or replace macro litellm_spendlog(row) as
    json_transform(row, '{
        "request_id": "VARCHAR", "call_type": "VARCHAR", "api_key": "VARCHAR", "spend": "VARCHAR",
        "prompt_tokens": "VARCHAR", "completion_tokens": "VARCHAR", "startTime": "VARCHAR", "endTime": "VARCHAR",
        "request_duration_ms": "VARCHAR", "model": "VARCHAR", "model_group": "VARCHAR", "custom_llm_provider": "VARCHAR",
        "user": "VARCHAR", "cache_hit": "VARCHAR", "request_tags": ["VARCHAR"], "team_id": "VARCHAR",
        "organization_id": "VARCHAR", "end_user": "VARCHAR", "requester_ip_address": "VARCHAR", "session_id": "VARCHAR",
        "status": "VARCHAR", "litellm_call_id": "VARCHAR",
        "metadata": {
            "user_api_key": "VARCHAR", "user_agent": "VARCHAR", "requester_ip_address": "VARCHAR", "status": "VARCHAR",
            "user_api_key_project_id": "VARCHAR",
            "error_information": {"error_code": "VARCHAR", "error_class": "VARCHAR", "error_message": "VARCHAR"},
            "usage_object": {
                "cache_read_input_tokens": "VARCHAR", "cache_creation_input_tokens": "VARCHAR",
                "prompt_tokens_details": {"cached_tokens": "VARCHAR", "cache_creation_tokens": "VARCHAR"},
                "completion_tokens_details": {"reasoning_tokens": "VARCHAR"}
            }
        },
        "messages": [{"role": "VARCHAR", "content": "VARCHAR"}],
        "response": {
            "id": "VARCHAR", "model": "VARCHAR", "stop_reason": "VARCHAR", "status": "VARCHAR", "output": "VARCHAR", "content": "VARCHAR",
            "input_transformations": [{"reason": "VARCHAR"}],
            "choices": [{
                "finish_reason": "VARCHAR", "text": "VARCHAR",
                "message": {"content": "VARCHAR", "tool_calls": ["VARCHAR"], "thinking_blocks": [{"signature": "VARCHAR"}],
                    "provider_specific_fields": {"input_transformations": [{"reason": "VARCHAR"}]}
                }
            }]
        },
        "proxy_server_request": {
            "model": "VARCHAR", "stream": "VARCHAR", "n": "VARCHAR", "max_tokens": "VARCHAR", "max_completion_tokens": "VARCHAR",
            "max_output_tokens": "VARCHAR", "temperature": "VARCHAR", "top_p": "VARCHAR", "tools": ["VARCHAR"],
            "response_format": {"type": "VARCHAR"}, "reasoning_effort": "VARCHAR", "reasoning": {"effort": "VARCHAR"},
            "thinking": "VARCHAR", "system": "VARCHAR", "instructions": "VARCHAR", "prompt": "VARCHAR", "input": "VARCHAR",
            "messages": [{"role": "VARCHAR", "content": "VARCHAR"}]
        }
    }');

-- A JSON object that an export wrote as text.
create or replace macro litellm_unpacked(row, path) as
    case
        when json_type(row, path) = 'VARCHAR' and json_valid(json_extract_string(row, path)) then json_extract_string(row, path)::json
        else json_extract(row, path)
    end;

-- A row whose JSON columns are text, with JSON in their place.
create or replace macro litellm_unpacked_row(row) as
    json_merge_patch(
        row,
        json_object(
            'metadata', litellm_unpacked(row, '$.metadata'),
            'messages', litellm_unpacked(row, '$.messages'),
            'response', litellm_unpacked(row, '$.response'),
            'request_tags', litellm_unpacked(row, '$.request_tags'),
            'proxy_server_request', litellm_unpacked(row, '$.proxy_server_request')
        )
    )::varchar;

-- The operation behind a call type; NULL for calls that make no model answer.
create or replace macro litellm_operation(call_type) as
    case
        when call_type = 'acompletion' or call_type = 'completion' or contains(call_type, 'anthropic_messages') then 'chat'
        when starts_with(call_type, '/') then operation_of_path(call_type)
        when contains(call_type, 'embedding') then 'embedding'
        when contains(call_type, 'text_completion') then 'completion'
        when regexp_full_match(call_type, '_?a?responses(_websocket)?') then 'responses'
        when contains(call_type, 'generate_content') then 'chat'
        when regexp_matches(call_type, 'mcp|batch|file|assistant|[a-z]_thread$|get_thread|message|vector_store|container|skill|fine_tuning|_responses?|input_items|prompt_')
            and not contains(call_type, 'run_thread') then null
        when contains(call_type, 'image') then 'image'
        when regexp_matches(call_type, 'transcription|speech|realtime') then 'audio'
        else 'other'
    end;

-- Why a row is no model exchange. Identities are stamped by the gateway; tags are not looked at, since callers can set them.
create or replace macro litellm_out_of_scope(operation, call_type, api_key, team_id) as
    case
        when api_key = 'litellm-internal-health-check' or team_id = 'litellm-internal-health-check' then 'health_check'
        when api_key = 'litellm_internal_jobs' or team_id = 'litellm_internal_jobs' then 'gateway_job'
        when operation is not null or call_type is null then null
        when starts_with(call_type, '/') then 'not_an_api_call'
        when contains(call_type, 'mcp') then 'tool_server_call'
        else 'management_call'
    end;

create or replace macro litellm_status(status, error_code, error_class) as
    case
        when status = 'success' then 'ok'
        when status is null or status = '' then null
        when error_code = '429' or contains(error_class, 'RateLimit') then 'limited'
        when contains(error_class, 'ContentPolicy') or contains(error_class, 'Guardrail') or contains(error_class, 'BlockedPii') then 'blocked'
        when error_code = '499' or contains(error_class, 'Cancelled') or contains(error_class, 'Disconnect') then 'cancelled'
        else 'error'
    end;

-- Where LiteLLM cut a long string: the text that marks the place, and how many characters it left out.
create or replace macro litellm_cut(content) as
    case
        when contains(content, '(litellm_truncated ')
            then regexp_extract(
                content, '(?s)(\.\.\. \(litellm_truncated(?: skipped)? (\d+) chars.*?\) \.\.\.)', ['marker', 'skipped']
            )
    end;

-- Characters before the cut; NULL if there is none.
create or replace macro litellm_uncut_length(content, cut) as
    case when cut.marker <> '' then length(content) - length(cut.marker) + try_cast(cut.skipped as integer) end;

create or replace macro litellm_state(content, cut) as
    case
        when content is null then null
        when is_redacted(content) then 'redacted'
        when cut.marker <> '' then 'truncated'
        else 'full'
    end;

-- The id that LiteLLM gives a key: its SHA-256. Keys that failed to authenticate may stand in the log as they were sent.
create or replace macro litellm_key(api_key) as case when starts_with(api_key, 'sk-') then sha256(api_key) else api_key end;

-- The owner of a key; keys made by the administrator without an owner all bear the administrator's id, which tells nothing.
create or replace macro litellm_owner(user_id) as case when user_id <> '' and user_id <> 'default_user_id' then user_id end;
