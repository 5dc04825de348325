with parsed as not materialized (
    select
        row_index,
        line,
        json_transform(line, '{
            "id": "VARCHAR", "trace_id": "VARCHAR", "session_id": "VARCHAR", "litellm_call_id": "VARCHAR", "call_type": "VARCHAR",
            "stream": "VARCHAR", "response_cost": "VARCHAR", "status": "VARCHAR", "custom_llm_provider": "VARCHAR",
            "prompt_tokens": "VARCHAR", "completion_tokens": "VARCHAR", "startTime": "VARCHAR", "endTime": "VARCHAR",
            "response_time": "VARCHAR", "model": "VARCHAR", "model_group": "VARCHAR", "cache_hit": "VARCHAR", "end_user": "VARCHAR",
            "requester_ip_address": "VARCHAR", "user_agent": "VARCHAR", "error_str": "VARCHAR",
            "error_information": {"error_code": "VARCHAR", "error_class": "VARCHAR", "error_message": "VARCHAR"},
            "metadata": {
                "user_api_key_hash": "VARCHAR", "user_api_key_org_id": "VARCHAR", "user_api_key_team_id": "VARCHAR",
                "user_api_key_project_id": "VARCHAR", "user_api_key_user_id": "VARCHAR", "user_api_key_end_user_id": "VARCHAR",
                "requester_ip_address": "VARCHAR", "user_agent": "VARCHAR",
                "usage_object": {
                    "cache_read_input_tokens": "VARCHAR", "cache_creation_input_tokens": "VARCHAR",
                    "prompt_tokens_details": {"cached_tokens": "VARCHAR", "cache_creation_tokens": "VARCHAR"},
                    "completion_tokens_details": {"reasoning_tokens": "VARCHAR"}
                }
            },
            "model_parameters": {
                "stream": "VARCHAR", "n": "VARCHAR", "max_tokens": "VARCHAR", "max_completion_tokens": "VARCHAR",
                "max_output_tokens": "VARCHAR", "temperature": "VARCHAR", "top_p": "VARCHAR", "tools": ["VARCHAR"],
                "response_format": {"type": "VARCHAR"}, "reasoning_effort": "VARCHAR", "reasoning": {"effort": "VARCHAR"},
                "thinking": "VARCHAR", "system": "VARCHAR", "instructions": "VARCHAR"
            },
            "messages": [{"role": "VARCHAR", "content": "VARCHAR"}],
            "response": {
                "id": "VARCHAR", "model": "VARCHAR", "stop_reason": "VARCHAR", "status": "VARCHAR", "output": "VARCHAR", "content": "VARCHAR",
                "input_transformations": [{"reason": "VARCHAR"}],
                "text": "VARCHAR",
                "choices": [{
                    "finish_reason": "VARCHAR", "text": "VARCHAR",
                    "message": {"content": "VARCHAR", "tool_calls": ["VARCHAR"], "thinking_blocks": [{"signature": "VARCHAR"}],
                        "provider_specific_fields": {"input_transformations": [{"reason": "VARCHAR"}]}
                    }
                }]
            }
        }') as j
    from lines
),

fields as not materialized (
    select
        *,
        j.model_parameters as request,
        j.response as response,
        j.response.choices[1] as choice,
        j.metadata.usage_object as usage,
        j.messages as messages,
        litellm_operation(j.call_type) as operation
    from parsed
),

-- Messages and answers may also be plain texts.
contents as not materialized (
    select
        *,
        case
            when messages is null then json_extract_string(line, '$.messages')
            else last_user_message(messages).content
        end as prompt_content,
        case when is_system_role(messages[1].role) then messages[1].content else coalesce(request.system, request.instructions) end
            as system_content,
        case
            when choice is null and coalesce(response.content, response.output, response.text, response.id) is null
                then case when json_type(line, '$.response') = 'VARCHAR' then json_extract_string(line, '$.response') end
            else coalesce(choice.message.content, choice.text, response.content, response.output, response.text)
        end as response_content
    from fields
),

parts as not materialized (
    select
        *,
        coalesce(looks_like_parts(prompt_content) or looks_like_parts(system_content) or looks_like_parts(response_content), false)
            as has_parts
    from contents
),

typed_parts as not materialized (
    select
        *,
        json_transform(case when has_parts then line end, '{
            "messages": [{"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}],
            "model_parameters": {"system": [{"type": "VARCHAR", "text": "VARCHAR"}]},
            "response": {
                "content": [{"type": "VARCHAR", "text": "VARCHAR", "signature": "VARCHAR"}],
                "output": [{"type": "VARCHAR", "content": [{"type": "VARCHAR", "text": "VARCHAR"}], "encrypted_content": "VARCHAR"}],
                "choices": [{"message": {"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}}]
            }
        }') as p
    from parts
),

texts as not materialized (
    select
        *,
        case
            when has_parts and len(messages) > 0 then last_user_text(messages, p.messages)
            when prompt_content <> '{}' then prompt_content
        end as prompt_written,
        case
            when not has_parts then system_content
            when is_system_role(messages[1].role) then text_of_content(system_content, p.messages[1].content)
            else text_of_content(system_content, p.model_parameters.system)
        end as system_written,
        case
            when not has_parts then response_content
            when choice.message.content is not null then text_of_content(response_content, p.response.choices[1].message.content)
            when response.content is not null then text_of_content(response_content, p.response.content)
            when len(p.response.output) > 0
                then text_of_parts(flatten(list_transform(p.response.output, lambda item: coalesce(item.content, []))))
            else response_content
        end as response_written
    from typed_parts
),

cuts as not materialized (
    select *, litellm_cut(prompt_written) as prompt_cut, litellm_cut(response_written) as response_cut
    from texts
)

select
    row_index,
    line,
    j.startTime as started_at_raw,
    j.endTime as ended_at_raw,
    j.custom_llm_provider as provider,
    'litellm' as gateway,
    coalesce(nullif(j.metadata.user_api_key_team_id, ''), j.metadata.user_api_key_org_id) as tenant_id,
    j.metadata.user_api_key_project_id as project_id,
    coalesce(litellm_owner(j.metadata.user_api_key_user_id), j.metadata.user_api_key_hash) as account_id,
    coalesce(nullif(j.end_user, ''), j.metadata.user_api_key_end_user_id) as end_user_id,
    j.metadata.user_api_key_hash as api_key_id,
    j.session_id,
    j.trace_id,
    coalesce(nullif(j.id, ''), j.litellm_call_id) as request_id,
    response.id as response_id,
    coalesce(nullif(j.requester_ip_address, ''), j.metadata.requester_ip_address) as client_ip,
    coalesce(nullif(j.user_agent, ''), j.metadata.user_agent) as user_agent,
    operation,
    model_id(coalesce(nullif(j.model_group, ''), j.model)) as model_requested,
    model_id(coalesce(nullif(response.model, ''), j.model)) as model_served,
    j.model as model_raw,
    coalesce(j.stream, request.stream) as is_stream,
    request.n as n_choices,
    coalesce(request.max_completion_tokens, request.max_tokens, request.max_output_tokens) as max_output_tokens,
    request.temperature as temperature,
    request.top_p as top_p,
    len(request.tools)::varchar as n_tools,
    '[' || array_to_string(request.tools, ',') || ']' as tools_json,
    request.response_format.type as response_format,
    coalesce(request.reasoning_effort, request.reasoning.effort, request.thinking) as reasoning_effort,
    j.prompt_tokens as input_tokens,
    coalesce(usage.prompt_tokens_details.cached_tokens, usage.cache_read_input_tokens) as cache_read_tokens,
    coalesce(usage.cache_creation_input_tokens, usage.prompt_tokens_details.cache_creation_tokens) as cache_write_tokens,
    j.completion_tokens as output_tokens,
    usage.completion_tokens_details.reasoning_tokens as reasoning_tokens,
    j.response_cost as cost_usd,
    (real_number(j.response_time) * 1000)::varchar as latency_ms,
    case when regexp_full_match(j.error_information.error_code, '[1-5]\d\d') then j.error_information.error_code end as http_status,
    litellm_status(j.status, j.error_information.error_code, j.error_information.error_class) as status,
    j.error_information.error_class as error_type,
    coalesce(choice.finish_reason, response.stop_reason, response.status) as finish_reason_raw,
    j.cache_hit as is_gateway_cached,
    litellm_state(prompt_written, prompt_cut) as prompt_state,
    coalesce(litellm_state(response_written, response_cut), case when choice.finish_reason is not null then 'full' end) as response_state,
    case when not coalesce(is_redacted(system_written), false) then system_written end as system_text,
    case when not coalesce(is_redacted(prompt_written), false) then prompt_written end as prompt_text,
    case when not coalesce(is_redacted(response_written), false) then response_written end as response_text,
    case when is_conversation(messages) then json_extract(line, '$.messages')::varchar end as messages_json,
    len(messages)::varchar as n_turns,
    case
        when choice.message.content is not null or choice.message.tool_calls is not null then coalesce(len(choice.message.tool_calls), 0)
        when p.response.content is not null then len(list_filter(p.response.content, lambda part: part.type = 'tool_use'))
        when p.response.output is not null then len(list_filter(p.response.output, lambda item: item.type = 'function_call'))
    end::varchar as n_tool_calls,
    litellm_uncut_length(prompt_written, prompt_cut) as prompt_chars,
    litellm_uncut_length(response_written, response_cut) as response_chars,
    coalesce(
        choice.message.thinking_blocks[1].signature,
        list_filter(p.response.content, lambda part: part.signature is not null)[1].signature,
        list_filter(p.response.output, lambda item: item.encrypted_content is not null)[1].encrypted_content
    ) as reasoning_signature,
    reasoning_refusals_of(
        list_transform(
            coalesce(response.input_transformations, choice.message.provider_specific_fields.input_transformations), lambda entry: entry.reason
        ),
        coalesce(j.error_information.error_message, j.error_str)
    ) as reasoning_refusals,
    litellm_out_of_scope(operation, j.call_type, j.metadata.user_api_key_hash, j.metadata.user_api_key_team_id) as out_of_scope
from cuts
