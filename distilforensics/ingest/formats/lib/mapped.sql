-- Records read by a mapping of fields to columns. The comments in braces stand for what the mapping says.
with extracted as not materialized (
    select row_index, line, /*{fields}*/ as v
    from lines
),

mapped as not materialized (
    select
        row_index,
        line,
        /*{started_text}*/ as started_text,
        /*{time_kind}*/ as time_kind,
        /*{outside}*/ as outside,
        /*{unreadable}*/ as is_unreadable,
/*{columns}*/
    from extracted
),

-- A field may hold an object, a list of messages, or text; and all of these once more encoded as text.
decoded as not materialized (
    select
        * exclude (prompt_text, response_text, request_body, messages, conversation),
        unquoted(prompt_text) as prompt_field,
        unquoted(response_text) as response_field,
        unquoted(request_body) as body_field,
        coalesce(list_in(unquoted(conversation)), list_in(unquoted(messages))) as messages_field,
        list_in(unquoted(conversation)) is not null as has_answer_inside
    from mapped
),

requests as not materialized (
    select
        *,
        request_object(
            coalesce(
                object_in(body_field),
                case when contains(prompt_field, '"messages"') or contains(prompt_field, '"contents"') then object_in(prompt_field) end
            )
        ) as request,
        object_in(response_field) as answer_json,
        list_in(response_field) as answer_list
    from decoded
),

answers as not materialized (
    select
        *,
        answer_object(answer_json) as a,
        answer_parts(answer_json) as p,
        case
            when messages_field is not null then messages_field
            when starts_with(prompt_field, '[{') and regexp_matches(prompt_field, '"(role|parts|content)"') then list_in(prompt_field)
            else coalesce(request.messages, request.contents, list_in(request.input))
        end as chat,
        case when contains(answer_list, '"role"') or contains(answer_list, '"parts"') then answer_list end as answer_chat
    from requests
),

typed as not materialized (
    select
        *,
        chat_messages(chat) as messages,
        chat_messages(answer_chat) as answer_messages,
        is_answer(a) as is_answer,
        usage_object(coalesce(object_in(usage), a.usage, a."usageMetadata", a.usage_metadata)) as u,
        request_line_parts(request_line) as called
    from answers
),

texts as not materialized (
    select
        *,
        case when is_answer then answer_text(a, p) end as answer_text_found,
        case when has_answer_inside and is_assistant_role(messages[-1].role) then messages[-1] end as answer_inside,
        coalesce(http_method, called.method) as method,
        coalesce(operation, called.path) as path,
        case when regexp_full_match(coalesce(nullif(http_status, ''), status), '[1-5]\d\d(\.0)?')
            then left(coalesce(nullif(http_status, ''), status), 3) end as code
    from typed
)

select
    row_index,
    line,
    started_at as started_at_raw,
    started_text,
    ended_at as ended_at_raw,
    time_kind,
    provider,
    gateway,
    region,
    tenant_id,
    project_id,
    account_id,
    coalesce(nullif(end_user_id, ''), request."user", request.safety_identifier, request.metadata.user_id) as end_user_id,
    api_key_id,
    session_id,
    trace_id,
    request_id,
    coalesce(response_id, case when is_answer then coalesce(a.id, a."responseId", a.response_id) end) as response_id,
    client_ip,
    client_country,
    ltrim(client_asn, 'AaSsNn ') as client_asn,
    ja4,
    user_agent,
    operation_of_word(path) as operation,
    model_id(coalesce(nullif(model_requested, ''), request.model)) as model_requested,
    model_id(coalesce(nullif(model_served, ''), case when is_answer then coalesce(a.model, a."modelVersion", a.model_version) end)) as model_served,
    coalesce(
        nullif(model_requested, ''), request.model, nullif(model_served, ''),
        case when is_answer then coalesce(a.model, a."modelVersion", a.model_version) end
    ) as model_raw,
    coalesce(is_stream, request.stream) as is_stream,
    coalesce(n_choices, request.n, request.generation_config.candidate_count, request."generationConfig"."candidateCount") as n_choices,
    coalesce(
        max_output_tokens, request.max_completion_tokens, request.max_tokens, request.max_output_tokens,
        request.generation_config.max_output_tokens, request."generationConfig"."maxOutputTokens", request.parameters.max_new_tokens
    ) as max_output_tokens,
    coalesce(
        temperature, request.temperature, request.generation_config.temperature, request."generationConfig".temperature,
        request.parameters.temperature
    ) as temperature,
    coalesce(top_p, request.top_p, request.generation_config.top_p, request."generationConfig"."topP", request.parameters.top_p) as top_p,
    coalesce(
        n_tools, case when starts_with(tools, '[') and json_valid(tools) then json_array_length(tools)::varchar end,
        len(request.tools)::varchar
    ) as n_tools,
    coalesce(nullif(tools, ''), '[' || array_to_string(request.tools, ',') || ']') as tools_json,
    coalesce(
        response_format, request.response_format.type, request.text.format.type, request.generation_config.response_mime_type,
        request."generationConfig"."responseMimeType"
    ) as response_format,
    coalesce(
        reasoning_effort, request.reasoning_effort, request.reasoning.effort, request.thinking, request."generationConfig"."thinkingConfig"
    ) as reasoning_effort,
    case
        when /*{is_cache_left_out}*/ then sum_of_counts(input_tokens, cache_read_tokens, cache_write_tokens)
        else coalesce(nullif(input_tokens, ''), usage_input(u))
    end as input_tokens,
    coalesce(nullif(cache_read_tokens, ''), usage_cache_read(u)) as cache_read_tokens,
    coalesce(nullif(cache_write_tokens, ''), usage_cache_write(u)) as cache_write_tokens,
    coalesce(nullif(output_tokens, ''), usage_output(u)) as output_tokens,
    coalesce(nullif(reasoning_tokens, ''), usage_reasoning(u)) as reasoning_tokens,
    cost_usd,
    request_bytes,
    response_bytes,
    coalesce(latency_ms, (real_number(latency_s) * 1000)::varchar) as latency_ms,
    code as http_status,
    coalesce(status_of_word(status), status_of_code(code), case when is_answer and a.error is not null then 'error' end) as status,
    coalesce(error_type, case when is_answer then error_of_answer(a.error) end) as error_type,
    coalesce(
        finish_reason, case when is_answer then answer_finish(a) end, answer_messages[-1].finish_reason
    ) as finish_reason_raw,
    is_gateway_cached,
    case when is_redacted(coalesce(prompt_field, messages[-1].content)) then 'redacted' end as prompt_state,
    case
        when is_redacted(response_field) then 'redacted'
        when is_answer and answer_text_found is null and (a.error is null and answer_finish(a) is not null) then 'full'
    end as response_state,
    coalesce(
        system_text, case when is_system_role(messages[1].role) then message_text(messages[1]) end, text_or_parts(request.system),
        request.instructions, text_of_parts(request.system_instruction.parts), text_of_parts(request."systemInstruction".parts)
    ) as system_text,
    case
        when is_redacted(coalesce(prompt_field, messages[-1].content)) then null
        when len(messages) > 0 then last_text_of_user(messages)
        else coalesce(nullif(prompt_field, ''), request.prompt, request.input, request.inputs, prompt_field)
    end as prompt_text,
    case
        when is_redacted(response_field) then null
        when answer_inside is not null then message_text(answer_inside)
        when is_answer then answer_text_found
        when len(answer_messages) > 0 then message_text(answer_messages[-1])
        else response_field
    end as response_text,
    case when is_conversation(messages) then chat end as messages_json,
    coalesce(n_turns, len(messages)::varchar) as n_turns,
    coalesce(n_tool_calls, case when is_answer then answer_tool_calls(a, p)::varchar end) as n_tool_calls,
    whole_number(prompt_chars) as prompt_chars,
    whole_number(response_chars) as response_chars,
    prompt_sha256,
    response_sha256,
    system_sha256,
    case when is_answer then answer_signature(a, p) end as reasoning_signature,
    coalesce(
        outside,
        case
            when not /*{is_web}*/ then null
            when method is not null and method <> 'POST' and not (method = 'GET' and coalesce(contains(path, '/realtime'), false)) then 'not_an_api_call'
            when method is null and path is not null and operation_of_path(path) is null then 'not_an_api_call'
        end
    ) as out_of_scope,
    case when is_unreadable then 'unreadable_line' end as refusal_reason,
    case when is_unreadable then 'the line has not the shape of the format' end as refusal_detail,
    null::varchar[] as flags
from texts
