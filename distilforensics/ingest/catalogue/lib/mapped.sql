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
        /*{assumed}*/ as is_time_assumed,
        /*{resolution}*/ as time_resolution_us,
        /*{join_keys}*/ as join_keys,
        /*{join_order}*/ as join_order,
        /*{is_part}*/ as is_part,
        /*{is_cache_left_out}*/ as is_cache_left_out,
        /*{is_reasoning_left_out}*/ as is_reasoning_left_out,
/*{columns}*/
    from extracted
),

-- A field may hold an object, a list of messages, or text; and all of these once more encoded as text.
decoded as not materialized (
    select
        * exclude (prompt_text, response_text, request_body, messages, conversation),
        unquoted(
            case
                when prompt_text = '' then prompt_text
                when (starts_with(prompt_text, '{''') or starts_with(prompt_text, '[{'''))
                    and regexp_matches(prompt_text, '''(role|messages|contents)''') then unprinted(prompt_text)
                else meant(prompt_text)
            end
        ) as prompt_field,
        unquoted(answered(response_text)) as response_field,
        unquoted(unprinted(request_body)) as body_field,
        coalesce(list_in(unquoted(unprinted(conversation))), list_in(unquoted(unprinted(messages)))) as messages_field,
        list_in(unquoted(conversation)) is not null as has_answer_inside
    from mapped
),

-- What an object gives is worked out within one CASE, so that records without one cost nothing.
objects as not materialized (
    select
        *,
        coalesce(
            object_in(body_field),
            case when starts_with(prompt_field, '{') and (regexp_matches(prompt_field, '"(messages|contents)"') or is_typed_value(prompt_field))
                then object_in(prompt_field) end
        ) as request_json,
        object_in(response_field) as given_json,
        list_in(response_field) as answer_list
    from decoded
),

given as not materialized (
    select *, case when given_json is not null then answer_object(given_json) end as given_answer
    from objects
),

/*{other_answers}*/
shapes as not materialized (
    select
        *,
        case when request_json is not null then request_object(request_json) end as r,
        case when answer_json is not null then answer_parts(answer_json) end as p
    from answers
),

requests as not materialized (
    select
        *,
        case
            when request_json is not null then struct_pack(
                model := r.model,
                stream := r.stream,
                n_choices := coalesce(r.n, r.generation_config.candidate_count, r."generationConfig"."candidateCount"),
                max_output_tokens := coalesce(
                    r.max_completion_tokens, r.max_tokens, r.max_output_tokens, r.generation_config.max_output_tokens,
                    r."generationConfig"."maxOutputTokens", r.parameters.max_new_tokens
                ),
                temperature := coalesce(
                    r.temperature, r.generation_config.temperature, r."generationConfig".temperature, r.parameters.temperature
                ),
                top_p := coalesce(r.top_p, r.generation_config.top_p, r."generationConfig"."topP", r.parameters.top_p),
                n_tools := len(r.tools)::varchar,
                tools := '[' || array_to_string(r.tools, ',') || ']',
                response_format := coalesce(
                    r.response_format.type, r.text.format.type, r.generation_config.response_mime_type, r."generationConfig"."responseMimeType"
                ),
                reasoning := coalesce(r.reasoning_effort, r.reasoning.effort, r.thinking, r."generationConfig"."thinkingConfig"),
                system_text := coalesce(
                    text_or_parts(r.system), r.instructions, text_of_parts(r.system_instruction.parts),
                    text_of_parts(r."systemInstruction".parts)
                ),
                chat := coalesce(r.messages, r.contents, list_in(r.input), list_in(r.value)),
                prompt := coalesce(r.prompt, r.input, r.inputs, r.value),
                end_user := coalesce(r."user", r.safety_identifier, r.metadata.user_id)
            )
        end as request,
        case
            when answer_json is not null and is_answer(a) then struct_pack(
                id := coalesce(a.id, a."responseId", a.response_id),
                model := coalesce(a.model, a."modelVersion", a.model_version),
                content := answer_text(a, p),
                n_tool_calls := answer_tool_calls(a, p)::varchar,
                finish := answer_finish(a),
                signature := answer_signature(a, p),
                refusals := reasoning_refusals_of(
                    list_transform(
                        coalesce(a.input_transformations, a.choices[1].message.provider_specific_fields.input_transformations),
                        lambda entry: entry.reason
                    ),
                    a.error
                ),
                has_error := a.error is not null,
                error := error_of_answer(a.error),
                usage := coalesce(a.usage, a."usageMetadata", a.usage_metadata)
            )
        end as answer,
        coalesce(object_in(usage), a.usage, a."usageMetadata", a.usage_metadata) as usage_json
    from shapes
),

conversations as not materialized (
    select
        *,
        case when usage_json is not null then usage_object(usage_json) end as u,
        case
            when messages_field is not null then messages_field
            when starts_with(prompt_field, '[{') and regexp_matches(prompt_field, '"(role|parts|content)"') then list_in(prompt_field)
            else request.chat
        end as chat,
        case when answer_list is not null and regexp_matches(answer_list, '"(role|parts)"') then answer_list end as answer_chat
    from requests
),

typed as not materialized (
    select
        *,
        case when chat is not null then chat_messages(chat) end as messages,
        case when answer_chat is not null then chat_messages(answer_chat)[-1] end as answer_message,
        case
            when usage_json is not null then struct_pack(
                input := usage_input(u), cache_read := usage_cache_read(u), cache_write := usage_cache_write(u), output := usage_output(u),
                reasoning := usage_reasoning(u)
            )
        end as counts,
        case when request_line is not null then request_line_parts(request_line) end as called
    from conversations
),

texts as not materialized (
    select
        *,
        case
            when chat is not null then struct_pack(
                prompt := last_text_of_user(messages),
                system_text := case when is_system_role(messages[1].role) then message_text(messages[1]) end,
                final := case
                    when has_answer_inside and is_assistant_role(messages[-1].role) then message_text(messages[-1])
                end,
                last_content := messages[-1].content,
                is_long := is_conversation(messages),
                n := len(messages)
            )
        end as talk,
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
    coalesce(nullif(end_user_id, ''), request.end_user) as end_user_id,
    api_key_id,
    session_id,
    trace_id,
    request_id,
    coalesce(response_id, answer.id) as response_id,
    client_ip,
    client_country,
    ltrim(client_asn, 'AaSsNn ') as client_asn,
    ja4,
    user_agent,
    operation_of_word(path) as operation,
    model_id(coalesce(nullif(model_requested, ''), request.model)) as model_requested,
    model_id(coalesce(nullif(model_served, ''), answer.model)) as model_served,
    coalesce(nullif(model_requested, ''), request.model, nullif(model_served, ''), answer.model) as model_raw,
    coalesce(is_stream, request.stream) as is_stream,
    coalesce(n_choices, request.n_choices) as n_choices,
    coalesce(max_output_tokens, request.max_output_tokens) as max_output_tokens,
    coalesce(temperature, request.temperature) as temperature,
    coalesce(top_p, request.top_p) as top_p,
    coalesce(
        n_tools, case when starts_with(tools, '[') and json_valid(tools) then json_array_length(tools)::varchar end, request.n_tools
    ) as n_tools,
    coalesce(nullif(tools, ''), request.tools) as tools_json,
    coalesce(response_format, request.response_format) as response_format,
    coalesce(reasoning_effort, request.reasoning) as reasoning_effort,
    case
        when is_cache_left_out then sum_of_counts(input_tokens, cache_read_tokens, cache_write_tokens)
        else coalesce(nullif(input_tokens, ''), counts.input)
    end as input_tokens,
    coalesce(nullif(cache_read_tokens, ''), counts.cache_read) as cache_read_tokens,
    coalesce(nullif(cache_write_tokens, ''), counts.cache_write) as cache_write_tokens,
    case
        when is_reasoning_left_out then sum_of_counts(output_tokens, reasoning_tokens, null)
        else coalesce(nullif(output_tokens, ''), counts.output)
    end as output_tokens,
    coalesce(nullif(reasoning_tokens, ''), counts.reasoning) as reasoning_tokens,
    cost_usd,
    request_bytes,
    response_bytes,
    coalesce(
        latency_ms, (real_number(latency_s) * 1000)::varchar, (real_number(latency_us) / 1000)::varchar, (real_number(latency_ns) / 1e6)::varchar,
        milliseconds_of(latency)::varchar
    ) as latency_ms,
    code as http_status,
    coalesce(status_of_word(status), status_of_code(code), case when answer.has_error then 'error' end) as status,
    coalesce(nullif(error_type, '0'), answer.error) as error_type,
    coalesce(finish_reason, answer.finish, answer_message.finish_reason) as finish_reason_raw,
    is_gateway_cached,
    case
        when is_redacted(coalesce(prompt_field, talk.last_content)) then 'redacted'
        when is_marked_as_cut(coalesce(prompt_field, talk.prompt)) then 'truncated'
    end as prompt_state,
    case
        when is_redacted(response_field) then 'redacted'
        when is_marked_as_cut(coalesce(answer.content, response_field)) then 'truncated'
        when answer.content is null and not answer.has_error and answer.finish is not null then 'full'
    end as response_state,
    coalesce(text_or_parts(system_text), talk.system_text, request.system_text) as system_text,
    case
        when is_redacted(coalesce(prompt_field, talk.last_content)) then null
        when talk.n > 0 then talk.prompt
        when is_typed_value(prompt_field) then request.prompt
        else texts_of_list(coalesce(nullif(prompt_field, ''), request.prompt, prompt_field))
    end as prompt_text,
    case
        when is_redacted(response_field) then null
        when talk.final is not null then talk.final
        when answer is not null then answer.content
        when message_text(answer_message) is not null then message_text(answer_message)
        -- What a failed call answers in an object of its own is no text of a model.
        when code >= '400' and given_json is not null then null
        else response_field
    end as response_text,
    case when talk.is_long then chat end as messages_json,
    coalesce(n_turns, talk.n::varchar) as n_turns,
    coalesce(n_tool_calls, answer.n_tool_calls) as n_tool_calls,
    whole_number(prompt_chars) as prompt_chars,
    whole_number(response_chars) as response_chars,
    prompt_sha256,
    response_sha256,
    system_sha256,
    answer.signature as reasoning_signature,
    answer.refusals as reasoning_refusals,
    coalesce(
        outside,
        case
            when /*{must_show_calls}*/ and coalesce(
                meant(model_requested), meant(model_served), request.model, answer.model, nullif(prompt_field, ''), nullif(response_field, ''),
                chat, prompt_sha256, response_sha256, prompt_chars, response_chars, path, code, nullif(meant(error_type), '0'), meant(finish_reason)
            ) is null and coalesce(status_of_word(status), 'ok') = 'ok' and coalesce(real_number(latency_ms), real_number(latency_s), real_number(latency_us), real_number(latency_ns), 0) = 0
                and coalesce(whole_number(coalesce(input_tokens, counts.input)), 0) = 0
                and coalesce(whole_number(coalesce(output_tokens, counts.output)), 0) = 0
                then 'no_sign_of_a_call'
            when not /*{is_web}*/ then null
            when method is not null and method <> 'POST' and not (method = 'GET' and coalesce(contains(path, '/realtime'), false))
                then 'not_an_api_call'
            when method is null and path is not null and operation_of_path(path) is null then 'not_an_api_call'
        end
    ) as out_of_scope,
    case when is_time_assumed then ['ts_assumed'] end as flags,
    join_keys,
    join_order,
    is_part,
    time_resolution_us,
    case when is_unreadable then 'unreadable_line' end as refusal_reason,
    case when is_unreadable then 'the line has not the shape of the format' end as refusal_detail
from texts
