with first_look as not materialized (
    select row_index, line, litellm_spendlog(line) as fields
    from lines
),

packing as not materialized (
    select
        *,
        case
            when fields.metadata.user_api_key is null and fields.proxy_server_request.model is null
                then coalesce(json_type(line, '$.metadata') = 'VARCHAR' or json_type(line, '$.proxy_server_request') = 'VARCHAR', false)
            else false
        end as is_packed
    from first_look
),

unpacked as not materialized (
    select row_index, line, fields, is_packed, case when is_packed then litellm_unpacked_row(line) else line end as record
    from packing
),

parsed as not materialized (
    select row_index, line, record, case when is_packed then litellm_spendlog(record) else fields end as j
    from unpacked
),

requests as not materialized (
    select
        *,
        j.proxy_server_request as request,
        j.response as response,
        j.response.choices[1] as choice,
        j.metadata.usage_object as usage,
        len(j.proxy_server_request.messages) > 0 as is_in_request,
        case when len(j.proxy_server_request.messages) > 0 then j.proxy_server_request.messages else j.messages end as messages,
        litellm_operation(j.call_type) as operation
    from parsed
),

contents as not materialized (
    select
        *,
        coalesce(last_user_message(messages).content, request.input, request.prompt) as prompt_content,
        case when is_system_role(messages[1].role) then messages[1].content else coalesce(request.system, request.instructions) end
            as system_content,
        coalesce(choice.message.content, choice.text, response.content, response.output) as response_content
    from requests
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
        json_transform(case when has_parts then record end, '{
            "messages": [{"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}],
            "proxy_server_request": {
                "messages": [{"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}],
                "input": [{"role": "VARCHAR", "content": "VARCHAR"}],
                "system": [{"type": "VARCHAR", "text": "VARCHAR"}]
            },
            "response": {
                "content": [{"type": "VARCHAR", "text": "VARCHAR", "signature": "VARCHAR"}],
                "output": [{"type": "VARCHAR", "content": [{"type": "VARCHAR", "text": "VARCHAR"}], "encrypted_content": "VARCHAR"}],
                "choices": [{"message": {"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}}]
            }
        }') as p
    from parts
),

inputs as not materialized (
    select
        *,
        case when has_parts and len(messages) is null then p.proxy_server_request.input end as input_messages,
        case
            when has_parts and len(messages) is null and len(p.proxy_server_request.input) > 0
                then json_transform(record, '{"proxy_server_request": {"input": [{"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}]}}')
                    .proxy_server_request.input
        end as input_parts
    from typed_parts
),

texts as not materialized (
    select
        *,
        case
            when not has_parts then prompt_content
            when len(messages) > 0
                then last_user_text(messages, case when is_in_request then p.proxy_server_request.messages else p.messages end)
            when len(input_parts) > 0 then coalesce(last_user_text(input_messages, input_parts), prompt_content)
            else prompt_content
        end as prompt_written,
        case
            when not has_parts then system_content
            when is_system_role(messages[1].role)
                then text_of_content(
                    system_content, case when is_in_request then p.proxy_server_request.messages[1].content else p.messages[1].content end
                )
            else text_of_content(system_content, p.proxy_server_request.system)
        end as system_written,
        case
            when not has_parts then response_content
            when choice.message.content is not null then text_of_content(response_content, p.response.choices[1].message.content)
            when response.content is not null then text_of_content(response_content, p.response.content)
            when len(p.response.output) > 0
                then text_of_parts(flatten(list_transform(p.response.output, lambda item: coalesce(item.content, []))))
            else response_content
        end as response_written
    from inputs
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
    coalesce(nullif(j.team_id, ''), j.organization_id) as tenant_id,
    j.metadata.user_api_key_project_id as project_id,
    coalesce(litellm_owner(j."user"), litellm_key(j.api_key)) as account_id,
    j.end_user as end_user_id,
    litellm_key(j.api_key) as api_key_id,
    j.session_id,
    j.litellm_call_id as trace_id,
    j.request_id,
    response.id as response_id,
    coalesce(nullif(j.requester_ip_address, ''), j.metadata.requester_ip_address) as client_ip,
    coalesce(
        nullif(j.metadata.user_agent, ''),
        substr(list_filter(j.request_tags, lambda tag: starts_with(tag, 'User-Agent: '))[-1], length('User-Agent: ') + 1)
    ) as user_agent,
    operation,
    model_id(coalesce(nullif(j.model_group, ''), request.model, j.model)) as model_requested,
    model_id(coalesce(nullif(response.model, ''), j.model)) as model_served,
    j.model as model_raw,
    request.stream as is_stream,
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
    j.spend as cost_usd,
    j.request_duration_ms as latency_ms,
    case when regexp_full_match(j.metadata.error_information.error_code, '[1-5]\d\d') then j.metadata.error_information.error_code end
        as http_status,
    litellm_status(
        coalesce(nullif(j.status, ''), j.metadata.status), j.metadata.error_information.error_code, j.metadata.error_information.error_class
    ) as status,
    j.metadata.error_information.error_class as error_type,
    coalesce(choice.finish_reason, response.stop_reason, response.status) as finish_reason_raw,
    j.cache_hit as is_gateway_cached,
    litellm_state(prompt_written, prompt_cut) as prompt_state,
    coalesce(litellm_state(response_written, response_cut), case when choice.finish_reason is not null then 'full' end) as response_state,
    case when not coalesce(is_redacted(system_written), false) then system_written end as system_text,
    case when not coalesce(is_redacted(prompt_written), false) then prompt_written end as prompt_text,
    case when not coalesce(is_redacted(response_written), false) then response_written end as response_text,
    case
        when is_conversation(messages) and is_in_request then json_extract(record, '$.proxy_server_request.messages')::varchar
        when is_conversation(messages) then json_extract(record, '$.messages')::varchar
        when len(input_messages) > 1 then request.input
    end as messages_json,
    coalesce(len(messages), len(input_messages))::varchar as n_turns,
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
        j.metadata.error_information.error_message
    ) as reasoning_refusals,
    coalesce(
        litellm_out_of_scope(operation, j.call_type, j.api_key, j.team_id),
        -- Callers can choose ids, so that the ending alone does not tell: such a row has costs, and no tokens.
        case
            when regexp_matches(j.request_id, '_(batch|background|guardrail|video)_cost$') and coalesce(whole_number(j.prompt_tokens), 0) = 0
                and coalesce(whole_number(j.completion_tokens), 0) = 0
                and coalesce(real_number(j.spend), 0) > 0
                then 'cost_of_a_call'
        end
    ) as out_of_scope,
    case when starts_with(j.api_key, 'sk-') then ['secret_hashed'] end as flags
from cuts
