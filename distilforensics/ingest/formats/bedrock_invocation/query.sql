with first_look as not materialized (
    select row_index, line, bedrock_record(line) as fields
    from lines
),

packing as not materialized (
    select
        *,
        fields.input.inputBodyJson as body,
        fields.output.outputBodyJson as answer
    from first_look
),

looked_at as not materialized (
    select
        row_index,
        line,
        fields,
        case
            when coalesce(body.prompt, body.inputText, body.message) is null and body.messages is null
                and (json_type(line, '$.input.inputBodyJson') = 'VARCHAR' or json_type(line, '$.output.outputBodyJson') = 'VARCHAR')
                then true
            else false
        end as is_packed
    from packing
),

unpacked as not materialized (
    select row_index, line, fields, is_packed, case when is_packed then bedrock_unpacked_record(line) else line end as record
    from looked_at
),

parsed as not materialized (
    select row_index, line, record, case when is_packed then bedrock_record(record) else fields end as j
    from unpacked
),

bodies as not materialized (
    select
        *,
        j.input.inputBodyJson as body,
        j.output.outputBodyJson as answer,
        j.input.inputBodyJson.messages as messages,
        model_id(j.modelId) as model,
        bedrock_base_model(model_id(j.modelId)) as base_model,
        case
            when j.operation = 'InvokeModelWithResponseStream' then record
            when j.bodyName is not null and json_type(record, '$.output.outputBodyJson') = 'ARRAY' then record
        end as streamed
    from parsed
),

plain as not materialized (
    select
        *,
        case
            when len(list_filter(messages, lambda message: message.content is null)) > 0
                or (starts_with(body.system, '[') and not starts_with(coalesce(j.operation, ''), 'Converse'))
                then json_transform(record, '{"input": {"inputBodyJson": {
                    "messages": [{"role": "VARCHAR", "content": "VARCHAR"}], "system": [{"text": "VARCHAR", "type": "VARCHAR"}]
                }}}').input.inputBodyJson
        end as other
    from bodies
),

streams as not materialized (
    select
        *,
        bedrock_anthropic_pieces(streamed) as anthropic_pieces,
        bedrock_stream_facts(streamed) as facts,
        coalesce(body.tools, body.toolConfig.tools) as tools
    from plain
),

vendors as not materialized (
    select
        *,
        case when len(anthropic_pieces) > 0 then anthropic_pieces when streamed is not null then bedrock_other_pieces(streamed) end as pieces
    from streams
),

texts as not materialized (
    select
        *,
        case
            when other.messages is not null then last_user_text(other.messages, messages)
            when messages[-1].role = 'user' and len(messages) = 1 then text_of_parts(messages[1].content)
            when messages is not null
                then list_filter(
                    list_transform(messages, lambda message: case when message.role = 'user' then text_of_parts(message.content) end),
                    lambda content: content is not null
                )[-1]
            else coalesce(body.prompt, body.inputText, body.message, body.textToImageParams.text)
        end as prompt_written,
        case
            when is_system_role(messages[1].role) then coalesce(text_of_parts(messages[1].content), other.messages[1].content)
            when body.system is null then body.preamble
            when starts_with(j.operation, 'Converse') and starts_with(body.system, '[') and json_valid(body.system)
                then text_of_parts(json_transform(body.system, '[{"text": "VARCHAR", "type": "VARCHAR"}]'))
            else text_of_content(body.system, other.system)
        end as system_written,
        case
            when len(pieces) > 0 then nullif(array_to_string(pieces, ''), '')
            when answer.output.message.content is not null
                then nullif(array_to_string(list_transform(answer.output.message.content, lambda part: part.text), E'\n'), '')
            when answer.content is not null then text_of_parts(answer.content)
            else coalesce(
                answer.generation, answer.completion, answer.results[1].outputText, answer.choices[1].message.content, answer.choices[1].text,
                answer.outputs[1].text, answer.generations[1].text, answer.completions[1].data.text, answer.text
            )
        end as response_written,
        coalesce(j.requestMetadata.user_id, j.requestMetadata.userId, j.requestMetadata.user, j.requestMetadata.end_user,
            j.requestMetadata.endUser, body.metadata.user_id) as claimed_user,
        whole_number(coalesce(j.input.cacheReadInputTokenCount, j.cacheReadInputTokenCount)) as cache_read,
        whole_number(coalesce(j.input.cacheWriteInputTokenCount, j.cacheWriteInputTokenCount)) as cache_write
    from vendors
)

select
    row_index,
    line,
    j.timestamp as started_at_raw,
    case when contains(base_model, '.') then split_part(base_model, '.', 1) end as provider,
    'aws.bedrock' as gateway,
    j.region,
    j.accountId as tenant_id,
    j.identity.arn as account_id,
    claimed_user as end_user_id,
    case
        when contains(j.identity.arn, ':assumed-role/') then split_part(j.identity.arn, '/', 1) || '/' || split_part(j.identity.arn, '/', 2)
        else j.identity.arn
    end as api_key_id,
    coalesce(j.requestMetadata.session_id, j.requestMetadata.sessionId, j.requestMetadata.session) as session_id,
    j.requestId as request_id,
    coalesce(answer.id, answer.generation_id, facts[1]) as response_id,
    bedrock_operation(
        j.operation, base_model, messages is not null or body.message is not null, coalesce(body.prompt, body.inputText) is not null
    ) as operation,
    model as model_requested,
    base_model as model_served,
    j.modelId as model_raw,
    case
        when j.operation in ('InvokeModelWithResponseStream', 'ConverseStream') then 'true'
        when j.operation in ('InvokeModel', 'Converse') then 'false'
    end as is_stream,
    body.n as n_choices,
    coalesce(
        body.max_tokens, body.inferenceConfig.maxTokens, body.inferenceConfig.max_new_tokens, body.textGenerationConfig.maxTokenCount,
        body.max_gen_len, body.max_tokens_to_sample, body.max_completion_tokens
    ) as max_output_tokens,
    coalesce(body.temperature, body.inferenceConfig.temperature, body.textGenerationConfig.temperature) as temperature,
    coalesce(body.top_p, body.inferenceConfig.topP, body.inferenceConfig.top_p, body.textGenerationConfig.topP, body.p) as top_p,
    len(tools)::varchar as n_tools,
    '[' || array_to_string(tools, ',') || ']' as tools_json,
    body.response_format.type as response_format,
    coalesce(
        body.reasoning_effort, body.thinking, body.additionalModelRequestFields.thinking, body.additionalModelRequestFields.reasoning_config
    ) as reasoning_effort,
    case
        when whole_number(j.input.inputTokenCount) is null then j.input.inputTokenCount
        else (whole_number(j.input.inputTokenCount)::hugeint + coalesce(cache_read, 0) + coalesce(cache_write, 0))::varchar
    end as input_tokens,
    cache_read::varchar as cache_read_tokens,
    cache_write::varchar as cache_write_tokens,
    j.output.outputTokenCount as output_tokens,
    coalesce(answer.metrics.latencyMs, facts[2], facts[3]) as latency_ms,
    case when regexp_full_match(j.status, '[1-5]\d\d') then j.status end as http_status,
    case
        when answer.stopReason = 'guardrail_intervened' and bedrock_status(j.errorCode) = 'ok' then 'blocked'
        else bedrock_status(j.errorCode)
    end as status,
    j.errorCode as error_type,
    coalesce(
        answer.stopReason, answer.stop_reason, answer.results[1].completionReason, answer.choices[1].finish_reason,
        answer.choices[1].stop_reason, answer.outputs[1].stop_reason, answer.generations[1].finish_reason,
        answer.completions[1].finishReason.reason, answer.finish_reason,
        list_filter(facts[4:], lambda fact: fact is not null)[1]
    ) as finish_reason_raw,
    case when prompt_written is null and j.input.inputBodyS3Path is not null then 'offloaded' end as prompt_state,
    case
        when response_written is not null then 'full'
        when j.output.outputBodyS3Path is not null then 'offloaded'
        when coalesce(answer.stopReason, answer.stop_reason) is not null then 'full'
    end as response_state,
    system_written as system_text,
    prompt_written as prompt_text,
    response_written as response_text,
    case when is_conversation(messages) then json_extract(record, '$.input.inputBodyJson.messages')::varchar end as messages_json,
    len(messages)::varchar as n_turns,
    case
        when answer.output.message.content is not null
            then len(list_filter(answer.output.message.content, lambda part: part.toolUse is not null))
        when answer.content is not null then len(list_filter(answer.content, lambda part: part.type = 'tool_use'))
        when answer.choices[1].message.tool_calls is not null then len(answer.choices[1].message.tool_calls)
        when len(pieces) > 0 and tools is null then 0
        when streamed is not null and len(facts) > 0
            then len(list_filter(json_extract_string(streamed, '$.output.outputBodyJson[*].content_block.type'), lambda kind: kind = 'tool_use'))
    end::varchar as n_tool_calls,
    coalesce(
        list_filter(answer.content, lambda part: part.signature is not null)[1].signature,
        list_filter(answer.output.message.content, lambda part: part.reasoningContent.reasoningText.signature is not null)[1]
            .reasoningContent.reasoningText.signature,
        case when body.thinking is not null then json_extract_string(streamed, '$.output.outputBodyJson[*].delta.signature')[1] end
    ) as reasoning_signature,
    reasoning_refusals_of(
        case
            when answer.input_transformations is not null then list_transform(answer.input_transformations, lambda entry: entry.reason)
            when contains(streamed, '"input_transformations"')
                then json_extract_string(streamed, '$.output.outputBodyJson[*].message.input_transformations[*].reason')
        end,
        null::varchar
    ) as reasoning_refusals,
    case
        when prompt_written is null and coalesce(json_type(line, '$.input.inputBodyJson') = 'VARCHAR', false) and not json_valid(
            json_extract_string(line, '$.input.inputBodyJson')
        ) then ['body_unreadable']
    end as flags,
    -- A body in a file of its own is a part of the call whose record names the file.
    case
        when j.bodyName is not null then [sha256(j.bodyName)]
        when coalesce(j.input.inputBodyS3Path, j.output.outputBodyS3Path) is not null
            then list_transform(
                list_filter([j.input.inputBodyS3Path, j.output.outputBodyS3Path], lambda path: path <> ''),
                lambda path: sha256(regexp_extract(path, '([^/]+?)(?:\.gz)?$', 1))
            )
    end as join_keys,
    j.bodyName is not null as is_part
from texts
