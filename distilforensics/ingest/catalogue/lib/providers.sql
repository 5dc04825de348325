-- What providers write: requests, answers and counts of tokens, each in a handful of shapes. An object is transformed once with all
-- shapes side by side; the shape that is there decides.

-- JSON that was encoded once more as a JSON text; other text as it is.
create or replace macro unquoted(written) as
    case
        when not starts_with(written, '"') then written
        when json_valid(written) and regexp_matches(json_extract_string(written, '$'), '^\s*[\[{]') then json_extract_string(written, '$')
        else written
    end;

-- Whether a text looks like a dictionary, a list of them, or an object that a Python program printed.
create or replace macro is_printed(written) as
    starts_with(written, '{''') or starts_with(written, '[{''')
    or (contains(left(written, 60), '=') and regexp_matches(written, '^[A-Z]\w+\(\w+='));

create or replace macro unprinted(written) as
    case
        when starts_with(written, '{''') or starts_with(written, '[{''') then coalesce(json_of_python(written), written)
        else written
    end;

-- Whether a text is an object with nothing but a text or messages and the name of their type.
create or replace macro is_typed_value(written) as
    starts_with(written, '{"type"') and regexp_full_match(written, '\{"type": ?("(text|raw)", ?"value": ?"([^"\\]|\\.)*"|"chat_messages", ?"value": ?\[.*\])\}');

-- Several prompts of one call, a list of texts, joined by line feeds.
create or replace macro texts_of_list(written) as
    case
        when starts_with(written, '["') and json_valid(written) then array_to_string(json_transform(written, '["VARCHAR"]'), E'\n')
        else written
    end;

create or replace macro object_in(written) as
    case when starts_with(written, '{') and json_valid(written) then written end;

create or replace macro list_in(written) as
    case when starts_with(written, '[') and json_valid(written) then written end;

-- A number as a spreadsheet of some country writes it: groups of three digits, a decimal comma, a sign of currency.
create or replace macro plain_number(written, thousands, decimal_mark) as
    replace(replace(trim(written, ' $€£'), thousands, ''), decimal_mark, '.');

create or replace macro request_object(body) as
    json_transform(body, '{
        "model": "VARCHAR", "stream": "VARCHAR", "n": "VARCHAR", "max_tokens": "VARCHAR", "max_completion_tokens": "VARCHAR",
        "max_output_tokens": "VARCHAR", "temperature": "VARCHAR", "top_p": "VARCHAR", "tools": ["VARCHAR"], "response_format": {"type": "VARCHAR"},
        "text": {"format": {"type": "VARCHAR"}}, "reasoning_effort": "VARCHAR", "reasoning": {"effort": "VARCHAR"}, "thinking": "VARCHAR",
        "system": "VARCHAR", "instructions": "VARCHAR", "prompt": "VARCHAR", "input": "VARCHAR", "inputs": "VARCHAR", "value": "VARCHAR",
        "messages": "VARCHAR", "contents": "VARCHAR", "user": "VARCHAR", "safety_identifier": "VARCHAR", "metadata": {"user_id": "VARCHAR"},
        "parameters": {"max_new_tokens": "VARCHAR", "temperature": "VARCHAR", "top_p": "VARCHAR"},
        "system_instruction": {"parts": [{"type": "VARCHAR", "text": "VARCHAR"}]}, "systemInstruction": {"parts": [{"type": "VARCHAR", "text": "VARCHAR"}]},
        "generation_config": {
            "max_output_tokens": "VARCHAR", "temperature": "VARCHAR", "top_p": "VARCHAR", "candidate_count": "VARCHAR", "response_mime_type": "VARCHAR"
        },
        "generationConfig": {
            "maxOutputTokens": "VARCHAR", "temperature": "VARCHAR", "topP": "VARCHAR", "candidateCount": "VARCHAR", "responseMimeType": "VARCHAR",
            "thinkingConfig": "VARCHAR"
        }
    }');

-- Answers of chat and text completions, responses, Anthropic messages, Gemini, Ollama and text generation servers.
create or replace macro answer_object(body) as
    json_transform(body, '{
        "id": "VARCHAR", "responseId": "VARCHAR", "response_id": "VARCHAR", "object": "VARCHAR", "type": "VARCHAR", "role": "VARCHAR",
        "model": "VARCHAR", "modelVersion": "VARCHAR", "model_version": "VARCHAR", "status": "VARCHAR", "stop_reason": "VARCHAR",
        "done_reason": "VARCHAR", "incomplete_details": {"reason": "VARCHAR"}, "error": "VARCHAR",
        "input_transformations": [{"reason": "VARCHAR"}],
        "choices": [{
            "finish_reason": "VARCHAR", "text": "VARCHAR",
            "message": {
                "content": "VARCHAR", "refusal": "VARCHAR", "tool_calls": ["VARCHAR"], "thinking_blocks": [{"signature": "VARCHAR"}],
                "provider_specific_fields": {"input_transformations": [{"reason": "VARCHAR"}]},
                "reasoning_details": [{"signature": "VARCHAR", "data": "VARCHAR"}]
            }
        }],
        "candidates": [{
            "finishReason": "VARCHAR", "finish_reason": "VARCHAR",
            "content": {"parts": [{
                "text": "VARCHAR", "thought": "VARCHAR", "functionCall": "VARCHAR", "function_call": "VARCHAR", "thoughtSignature": "VARCHAR",
                "thought_signature": "VARCHAR"
            }]}
        }],
        "output": "VARCHAR", "output_text": "VARCHAR", "content": "VARCHAR", "message": {"role": "VARCHAR", "content": "VARCHAR", "tool_calls": ["VARCHAR"]},
        "tool_calls": ["VARCHAR"],
        "generated_text": "VARCHAR", "completion": "VARCHAR", "generation": "VARCHAR", "response": "VARCHAR", "outputText": "VARCHAR",
        "text": "VARCHAR", "usage": "VARCHAR", "usageMetadata": "VARCHAR", "usage_metadata": "VARCHAR"
    }');

-- What a provider says of reasoning in the request that belongs elsewhere: it names the reason for each block that it dropped, or refuses
-- the request with a fixed sentence. Both stand where only the provider writes; the same words inside of a prompt are no such places.
create or replace macro reasoning_refusals_of(reasons, error_text) as
    nullif(
        list_sort(list_distinct(
            list_filter(
                coalesce(reasons, []),
                lambda reason: regexp_full_match(reason, '(organization|end_user|prefix|model)_binding_mismatch')
            ) || case when contains(error_text, 'block is bound to a different conversation') then ['conversation_binding_refused'] else [] end
        )),
        []
    );

-- The contents of the same answer that are lists of parts.
create or replace macro answer_parts(body) as
    json_transform(body, '{
        "choices": [{"message": {"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}}],
        "content": [{"type": "VARCHAR", "text": "VARCHAR", "signature": "VARCHAR", "data": "VARCHAR", "toolUse": "VARCHAR"}],
        "output": [{
            "type": "VARCHAR", "encrypted_content": "VARCHAR", "content": [{"type": "VARCHAR", "text": "VARCHAR", "refusal": "VARCHAR"}]
        }]
    }');

-- Some key of a provider's answer is there: the object is an answer, and not the JSON that a model was asked to write.
create or replace macro is_answer(a) as
    coalesce(
        a.choices is not null or a.candidates is not null or a.usage is not null or a."usageMetadata" is not null or a.usage_metadata is not null
        or a.stop_reason is not null or a.generated_text is not null or a."outputText" is not null or a.error is not null
        or (a.message.content is not null and a.message.role is not null)
        or ((a.output is not null or a.content is not null) and coalesce(a.object, a.role, a.model) is not null)
        or list_contains(['chat.completion', 'text_completion', 'response', 'message'], coalesce(a.object, a.type)), false
    );

-- Whether an object may be the answer of some other program: it has none of the places where a text, a call of a tool or an error would stand.
-- `plain_answer` (answers.py) then says it in a shape that is known.
create or replace macro is_other_answer(a) as
    a.choices is null and a.candidates is null and a.content is null and a.generated_text is null and a.error is null and a.output_text is null
    and a.completion is null and a.generation is null and a."outputText" is null
    and (a.object is distinct from 'response' and a.type is distinct from 'message')
    and (a.message.content is null or a.message.role is null or starts_with(a.message.content, '['));

create or replace macro gemini_text(candidates) as
    nullif(
        array_to_string(
            list_transform(
                list_filter(candidates[1].content.parts, lambda part: part.text is not null and coalesce(part.thought, 'false') <> 'true'),
                lambda part: part.text
            ),
            ''
        ),
        ''
    );

create or replace macro refusal_of_output(output) as
    list_filter(
        flatten(list_transform(output, lambda item: list_transform(coalesce(item.content, []), lambda part: part.refusal))),
        lambda refusal: refusal is not null
    )[1];

create or replace macro answer_text(a, p) as
    case
        when a.choices is not null
            then coalesce(
                text_of_content(a.choices[1].message.content, p.choices[1].message.content), a.choices[1].text, a.choices[1].message.refusal
            )
        when a.candidates is not null then gemini_text(a.candidates)
        when p.output is not null
            then coalesce(
                text_of_parts(flatten(list_transform(p.output, lambda item: coalesce(item.content, [])))), refusal_of_output(p.output)
            )
        when p.content is not null then text_of_parts(p.content)
        else coalesce(a.content, a.message.content, a.output_text, a.generated_text, a.completion, a.generation, a.response, a."outputText", a.text)
    end;

create or replace macro answer_tool_calls(a, p) as
    case
        when a.choices is not null then coalesce(len(a.choices[1].message.tool_calls), 0)
        when a.candidates is not null
            then len(list_filter(a.candidates[1].content.parts, lambda part: coalesce(part."functionCall", part.function_call) is not null))
        when p.output is not null then len(list_filter(p.output, lambda item: ends_with(item.type, '_call')))
        when p.content is not null then len(list_filter(p.content, lambda part: part.type = 'tool_use' or part."toolUse" is not null))
        when a.message.content is not null or a.tool_calls is not null then coalesce(len(coalesce(a.message.tool_calls, a.tool_calls)), 0)
    end;

create or replace macro answer_finish(a) as
    coalesce(
        a.choices[1].finish_reason, a.stop_reason, a.candidates[1]."finishReason", a.candidates[1].finish_reason, a.done_reason,
        a.incomplete_details.reason, a.status
    );

create or replace macro answer_signature(a, p) as
    coalesce(
        a.choices[1].message.thinking_blocks[1].signature,
        a.choices[1].message.reasoning_details[1].signature, a.choices[1].message.reasoning_details[1].data,
        list_filter(p.content, lambda part: part.signature is not null)[1].signature,
        list_filter(p.content, lambda part: part.type = 'redacted_thinking')[1].data,
        list_filter(p.output, lambda item: item.encrypted_content is not null)[1].encrypted_content,
        list_filter(a.candidates[1].content.parts, lambda part: coalesce(part."thoughtSignature", part.thought_signature) is not null)[1]."thoughtSignature",
        list_filter(a.candidates[1].content.parts, lambda part: part.thought_signature is not null)[1].thought_signature
    );

-- Counts of tokens of every provider; names that two of them share mean the same.
create or replace macro usage_object(usage) as
    json_transform(usage, '{
        "prompt_tokens": "VARCHAR", "completion_tokens": "VARCHAR", "total_tokens": "VARCHAR",
        "input_tokens": "VARCHAR", "output_tokens": "VARCHAR",
        "prompt_tokens_details": {"cached_tokens": "VARCHAR", "cache_write_tokens": "VARCHAR", "cache_creation_tokens": "VARCHAR"},
        "input_tokens_details": {"cached_tokens": "VARCHAR", "cache_write_tokens": "VARCHAR"},
        "completion_tokens_details": {"reasoning_tokens": "VARCHAR"}, "output_tokens_details": {"reasoning_tokens": "VARCHAR"},
        "cache_read_input_tokens": "VARCHAR", "cache_creation_input_tokens": "VARCHAR",
        "cache_creation": {"ephemeral_5m_input_tokens": "VARCHAR", "ephemeral_1h_input_tokens": "VARCHAR"},
        "prompt_cache_hit_tokens": "VARCHAR", "cached_tokens": "VARCHAR", "reasoning_tokens": "VARCHAR",
        "inputTokens": "VARCHAR", "outputTokens": "VARCHAR", "cacheReadInputTokens": "VARCHAR", "cacheWriteInputTokens": "VARCHAR",
        "promptTokenCount": "VARCHAR", "candidatesTokenCount": "VARCHAR", "cachedContentTokenCount": "VARCHAR", "thoughtsTokenCount": "VARCHAR",
        "toolUsePromptTokenCount": "VARCHAR",
        "prompt_token_count": "VARCHAR", "candidates_token_count": "VARCHAR", "cached_content_token_count": "VARCHAR",
        "thoughts_token_count": "VARCHAR", "tool_use_prompt_token_count": "VARCHAR",
        "promptTokens": "VARCHAR", "completionTokens": "VARCHAR", "prompt_token": "VARCHAR", "completion_token": "VARCHAR",
        "input": "VARCHAR", "output": "VARCHAR", "total": "VARCHAR", "input_cached_tokens": "VARCHAR", "input_cache_read": "VARCHAR",
        "input_cache_creation": "VARCHAR", "output_reasoning_tokens": "VARCHAR", "output_reasoning": "VARCHAR",
        "totalTokens": "VARCHAR", "totalTokenCount": "VARCHAR", "total_token_count": "VARCHAR", "cachedInputTokens": "VARCHAR",
        "reasoningTokens": "VARCHAR", "inputTokenCount": "VARCHAR", "outputTokenCount": "VARCHAR", "cacheReadInputTokenCount": "VARCHAR",
        "cacheWriteInputTokenCount": "VARCHAR", "input_token_details": {"cache_read": "VARCHAR", "cache_creation": "VARCHAR"},
        "output_token_details": {"reasoning": "VARCHAR"}, "num_cached_tokens": "VARCHAR", "prompt": "VARCHAR", "completion": "VARCHAR",
        "prompt_details": {"cache_read": "VARCHAR"}, "input_token_count": "VARCHAR", "generated_token_count": "VARCHAR",
        "prompt_eval_count": "VARCHAR", "eval_count": "VARCHAR", "tokens": {"input_tokens": "VARCHAR", "output_tokens": "VARCHAR"},
        "in": "VARCHAR", "out": "VARCHAR",
        "total_input_tokens": "VARCHAR", "total_output_tokens": "VARCHAR", "total_thought_tokens": "VARCHAR", "total_cached_tokens": "VARCHAR"
    }');

-- Whether a total is the sum of its parts; NULL if one of them is missing.
create or replace macro is_sum(total, part, other, more) as
    whole_number(total) = whole_number(part) + whole_number(other) + coalesce(whole_number(more), 0);

create or replace macro usage_cache_read(u) as
    coalesce(
        u.prompt_tokens_details.cached_tokens, u.input_tokens_details.cached_tokens, u.cache_read_input_tokens, u."cacheReadInputTokens",
        u."cachedContentTokenCount", u.cached_content_token_count, u.prompt_cache_hit_tokens, u.input_cached_tokens, u.input_cache_read,
        u.cached_tokens, u."cachedInputTokens", u."cacheReadInputTokenCount", u.input_token_details.cache_read, u.num_cached_tokens,
        u.prompt_details.cache_read, u.total_cached_tokens
    );

create or replace macro usage_cache_write(u) as
    coalesce(
        u.cache_creation_input_tokens, u.prompt_tokens_details.cache_write_tokens, u.prompt_tokens_details.cache_creation_tokens,
        u.input_tokens_details.cache_write_tokens, u."cacheWriteInputTokens", u.input_cache_creation,
        u."cacheWriteInputTokenCount", u.input_token_details.cache_creation,
        (whole_number(u.cache_creation.ephemeral_5m_input_tokens) + coalesce(whole_number(u.cache_creation.ephemeral_1h_input_tokens), 0))::varchar
    );

create or replace macro usage_reasoning(u) as
    coalesce(
        u.completion_tokens_details.reasoning_tokens, u.output_tokens_details.reasoning_tokens, u."thoughtsTokenCount", u.thoughts_token_count,
        u.output_reasoning_tokens, u.output_reasoning, u.reasoning_tokens, u."reasoningTokens", u.output_token_details.reasoning,
        u.total_thought_tokens
    );

-- A sum of which one part may be missing; text that is no count stays, so that it is told.
create or replace macro sum_of_counts(written, more, others) as
    case
        when whole_number(written) is null then written
        else (whole_number(written)::hugeint + coalesce(whole_number(more), 0) + coalesce(whole_number(others), 0))::varchar
    end;

-- All input tokens. Anthropic and Bedrock's Converse count cached tokens beside the input, OpenAI and Google within it; a total tells whether
-- they are beside, where there is one.
create or replace macro usage_input(u) as
    case
        when u.prompt_tokens is not null then u.prompt_tokens
        when u."promptTokenCount" is not null then sum_of_counts(u."promptTokenCount", u."toolUsePromptTokenCount", null::varchar)
        when u.prompt_token_count is not null then sum_of_counts(u.prompt_token_count, u.tool_use_prompt_token_count, null::varchar)
        when u."inputTokens" is not null and coalesce(is_sum(u."totalTokens", u."inputTokens", u."outputTokens", null::varchar), false)
            then u."inputTokens"
        when u."inputTokens" is not null
            then sum_of_counts(
                u."inputTokens", coalesce(u."cacheReadInputTokens", u."cacheReadInputTokenCount"),
                coalesce(u."cacheWriteInputTokens", u."cacheWriteInputTokenCount")
            )
        when u."inputTokenCount" is not null then sum_of_counts(u."inputTokenCount", u."cacheReadInputTokenCount", u."cacheWriteInputTokenCount")
        when u.input_tokens is not null and coalesce(is_sum(u.total_tokens, u.input_tokens, u.output_tokens, null::varchar), false)
            then u.input_tokens
        when u.input_tokens is not null and u.input_tokens_details.cached_tokens is null and u.prompt_tokens_details.cached_tokens is null
            then sum_of_counts(u.input_tokens, u.cache_read_input_tokens, usage_cache_write(u))
        when u.input_tokens is not null then u.input_tokens
        when u.input is not null and coalesce(whole_number(u.total) = whole_number(u.input) + whole_number(u.output), false) then u.input
        when u.input is not null then sum_of_counts(u.input, usage_cache_read(u), usage_cache_write(u))
        else coalesce(
            u."promptTokens", u.prompt_token, u.tokens.input_tokens, u.prompt, u.input_token_count, u.prompt_eval_count, u.total_input_tokens, u."in"
        )
    end;

-- All output tokens; Google and xAI count thoughts beside the answer, the others within it. A total tells that Google did not, or that another did.
create or replace macro usage_output(u) as
    case
        when coalesce(is_sum(u."totalTokenCount", u."promptTokenCount", u."candidatesTokenCount", u."toolUsePromptTokenCount"), false)
            then u."candidatesTokenCount"
        when u."candidatesTokenCount" is not null or u."thoughtsTokenCount" is not null
            then sum_of_counts(coalesce(u."candidatesTokenCount", '0'), u."thoughtsTokenCount", null::varchar)
        when coalesce(is_sum(u.total_token_count, u.prompt_token_count, u.candidates_token_count, u.tool_use_prompt_token_count), false)
            then u.candidates_token_count
        when u.candidates_token_count is not null or u.thoughts_token_count is not null
            then sum_of_counts(coalesce(u.candidates_token_count, '0'), u.thoughts_token_count, null::varchar)
        when u.output is not null and coalesce(whole_number(u.total) = whole_number(u.input) + whole_number(u.output), true) then u.output
        when u.output is not null then sum_of_counts(u.output, coalesce(u.output_reasoning_tokens, u.output_reasoning), null::varchar)
        when coalesce(is_sum(u.total_tokens, u.prompt_tokens, u.completion_tokens, u.completion_tokens_details.reasoning_tokens), false)
            then sum_of_counts(u.completion_tokens, u.completion_tokens_details.reasoning_tokens, null::varchar)
        when u.total_output_tokens is not null then sum_of_counts(u.total_output_tokens, u.total_thought_tokens, null::varchar)
        else coalesce(
            u.completion_tokens, u.output_tokens, u."outputTokens", u."completionTokens", u.completion_token, u."outputTokenCount",
            u.tokens.output_tokens, u.completion, u.generated_token_count, u.eval_count, u.out
        )
    end;
