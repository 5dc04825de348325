-- Bodies of Amazon Bedrock calls: every model vendor has its own request and answer.

-- A model invocation record with the fields that are used, all as text.
create or replace macro bedrock_record(record) as
    json_transform(record, '{
        "bodyName": "VARCHAR", "timestamp": "VARCHAR", "accountId": "VARCHAR", "identity": {"arn": "VARCHAR"}, "region": "VARCHAR", "requestId": "VARCHAR",
        "operation": "VARCHAR", "modelId": "VARCHAR", "errorCode": "VARCHAR", "status": "VARCHAR",
        "cacheReadInputTokenCount": "VARCHAR", "cacheWriteInputTokenCount": "VARCHAR",
        "requestMetadata": {
            "user_id": "VARCHAR", "userId": "VARCHAR", "user": "VARCHAR", "end_user": "VARCHAR", "endUser": "VARCHAR",
            "session_id": "VARCHAR", "sessionId": "VARCHAR", "session": "VARCHAR"
        },
        "input": {
            "inputBodyS3Path": "VARCHAR", "inputTokenCount": "VARCHAR",
            "cacheReadInputTokenCount": "VARCHAR", "cacheWriteInputTokenCount": "VARCHAR",
            "inputBodyJson": {
                "messages": [{"role": "VARCHAR", "content": [{"type": "VARCHAR", "text": "VARCHAR"}]}],
                "system": "VARCHAR", "prompt": "VARCHAR", "inputText": "VARCHAR", "message": "VARCHAR", "preamble": "VARCHAR",
                "textToImageParams": {"text": "VARCHAR"},
                "max_tokens": "VARCHAR", "max_tokens_to_sample": "VARCHAR", "max_gen_len": "VARCHAR", "max_completion_tokens": "VARCHAR",
                "temperature": "VARCHAR", "top_p": "VARCHAR", "p": "VARCHAR", "n": "VARCHAR", "reasoning_effort": "VARCHAR",
                "inferenceConfig": {
                    "maxTokens": "VARCHAR", "max_new_tokens": "VARCHAR", "temperature": "VARCHAR", "topP": "VARCHAR", "top_p": "VARCHAR"
                },
                "textGenerationConfig": {"maxTokenCount": "VARCHAR", "temperature": "VARCHAR", "topP": "VARCHAR"},
                "tools": ["VARCHAR"], "toolConfig": {"tools": ["VARCHAR"]}, "thinking": "VARCHAR",
                "additionalModelRequestFields": {"thinking": "VARCHAR", "reasoning_config": "VARCHAR"},
                "response_format": {"type": "VARCHAR"}, "metadata": {"user_id": "VARCHAR"}
            }
        },
        "output": {
            "outputBodyS3Path": "VARCHAR", "outputTokenCount": "VARCHAR",
            "outputBodyJson": {
                "id": "VARCHAR", "model": "VARCHAR", "generation_id": "VARCHAR",
                "output": {"message": {"content": [{
                    "text": "VARCHAR", "toolUse": "VARCHAR", "reasoningContent": {"reasoningText": {"signature": "VARCHAR"}}
                }]}},
                "content": [{"type": "VARCHAR", "text": "VARCHAR", "signature": "VARCHAR"}],
                "input_transformations": [{"reason": "VARCHAR"}],
                "stopReason": "VARCHAR", "stop_reason": "VARCHAR", "finish_reason": "VARCHAR",
                "metrics": {"latencyMs": "VARCHAR"},
                "generation": "VARCHAR", "completion": "VARCHAR", "text": "VARCHAR",
                "results": [{"outputText": "VARCHAR", "completionReason": "VARCHAR"}],
                "outputs": [{"text": "VARCHAR", "stop_reason": "VARCHAR"}],
                "generations": [{"text": "VARCHAR", "finish_reason": "VARCHAR"}],
                "completions": [{"data": {"text": "VARCHAR"}, "finishReason": {"reason": "VARCHAR"}}],
                "choices": [{
                    "text": "VARCHAR", "finish_reason": "VARCHAR", "stop_reason": "VARCHAR",
                    "message": {"content": "VARCHAR", "tool_calls": ["VARCHAR"]}
                }]
            }
        }
    }');

-- The pieces of a streamed InvokeModel answer of an Anthropic model, in order. Entries that are no objects, such as "[DONE]", have none.
create or replace macro bedrock_anthropic_pieces(record) as json_extract_string(record, '$.output.outputBodyJson[*].delta.text');

-- Likewise for the other vendors; each has its own event, and the first kind that occurs is taken.
create or replace macro bedrock_other_pieces(record) as
    case
        when len(json_extract_string(record, '$.output.outputBodyJson[*].contentBlockDelta.delta.text')) > 0
            then json_extract_string(record, '$.output.outputBodyJson[*].contentBlockDelta.delta.text')
        when len(json_extract_string(record, '$.output.outputBodyJson[*].outputText')) > 0
            then json_extract_string(record, '$.output.outputBodyJson[*].outputText')
        when len(json_extract_string(record, '$.output.outputBodyJson[*].generation')) > 0
            then json_extract_string(record, '$.output.outputBodyJson[*].generation')
        when len(json_extract_string(record, '$.output.outputBodyJson[*].outputs[0].text')) > 0
            then json_extract_string(record, '$.output.outputBodyJson[*].outputs[0].text')
        when len(json_extract_string(record, '$.output.outputBodyJson[*].choices[0].delta.content')) > 0
            then json_extract_string(record, '$.output.outputBodyJson[*].choices[0].delta.content')
        when len(json_extract_string(record, '$.output.outputBodyJson[*].choices[0].message.content')) > 0
            then json_extract_string(record, '$.output.outputBodyJson[*].choices[0].message.content')
        when len(json_extract_string(record, '$.output.outputBodyJson[*].completion')) > 0
            then json_extract_string(record, '$.output.outputBodyJson[*].completion')
        else json_extract_string(record, '$.output.outputBodyJson[*].text')
    end;

-- Facts that stand in the first event and in the last three of a stream.
create or replace macro bedrock_stream_facts(record) as
    json_extract_string(record, [
        '$.output.outputBodyJson[0].message.id',
        '$.output.outputBodyJson[#-1]."amazon-bedrock-invocationMetrics".invocationLatency',
        '$.output.outputBodyJson[#-2]."amazon-bedrock-invocationMetrics".invocationLatency',
        '$.output.outputBodyJson[#-1].delta.stop_reason', '$.output.outputBodyJson[#-2].delta.stop_reason',
        '$.output.outputBodyJson[#-3].delta.stop_reason',
        '$.output.outputBodyJson[#-1].messageStop.stopReason', '$.output.outputBodyJson[#-2].messageStop.stopReason',
        '$.output.outputBodyJson[#-3].messageStop.stopReason',
        '$.output.outputBodyJson[#-1].completionReason', '$.output.outputBodyJson[#-2].completionReason',
        '$.output.outputBodyJson[#-1].stop_reason', '$.output.outputBodyJson[#-2].stop_reason',
        '$.output.outputBodyJson[#-1].outputs[0].stop_reason', '$.output.outputBodyJson[#-2].outputs[0].stop_reason',
        '$.output.outputBodyJson[#-1].choices[0].finish_reason', '$.output.outputBodyJson[#-2].choices[0].finish_reason',
        '$.output.outputBodyJson[#-1].choices[0].stop_reason', '$.output.outputBodyJson[#-2].choices[0].stop_reason',
        '$.output.outputBodyJson[#-1].finish_reason', '$.output.outputBodyJson[#-2].finish_reason'
    ]);

-- A body that the export wrote as text, with JSON in its place.
create or replace macro bedrock_unpacked(record, path) as
    case
        when json_type(record, path) = 'VARCHAR' and json_valid(json_extract_string(record, path))
            then json_extract_string(record, path)::json
        else json_extract(record, path)
    end;

create or replace macro bedrock_unpacked_record(record) as
    json_merge_patch(
        record,
        json_object(
            'input', json_object('inputBodyJson', bedrock_unpacked(record, '$.input.inputBodyJson')),
            'output', json_object('outputBodyJson', bedrock_unpacked(record, '$.output.outputBodyJson'))
        )
    )::varchar;

create or replace macro bedrock_status(error_code) as
    case
        when error_code is null or error_code = '' then 'ok'
        when regexp_matches(error_code, 'Throttl|TooManyRequests|Quota') then 'limited'
        when contains(error_code, 'Guardrail') then 'blocked'
        else 'error'
    end;

-- The model id without the prefix that routes a call between regions.
create or replace macro bedrock_base_model(model) as
    case
        when list_contains(['us', 'eu', 'ap', 'apac', 'jp', 'au', 'ca', 'global', 'us-gov'], split_part(model, '.', 1))
            then substr(model, strpos(model, '.') + 1)
        else model
    end;

create or replace macro bedrock_operation(operation, model, has_messages, has_prompt) as
    case
        when starts_with(operation, 'Converse') or has_messages then 'chat'
        when contains(model, 'embed') then 'embedding'
        when regexp_matches(model, 'image|canvas|stability|reel') then 'image'
        when contains(model, 'sonic') then 'audio'
        when contains(model, 'rerank') then 'other'
        when has_prompt then 'completion'
        when starts_with(model, 'anthropic.') then 'chat'
        else 'other'
    end;
