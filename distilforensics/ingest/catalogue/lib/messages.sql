-- Chat messages. A message's content is a text or a list of parts. `json_transform` to VARCHAR gives the text as it is and a list as
-- JSON; records with something that looks like a list are transformed once more with typed parts, which tells the two apart exactly:
-- typed parts are NULL where the content was a text.

create or replace macro looks_like_parts(content) as starts_with(content, '[');

-- The text parts of a content list, joined by line feeds; NULL if it has none.
create or replace macro text_of_parts(parts) as
    nullif(
        array_to_string(
            list_transform(
                list_filter(
                    parts, lambda part: part.text is not null and (part.type is null or part.type = 'text' or ends_with(part.type, 'put_text'))
                ),
                lambda part: part.text
            ),
            E'\n'
        ),
        ''
    );

-- The text of the content that stands in two transformations of the same record.
create or replace macro text_of_content(content, parts) as case when parts is null then content else text_of_parts(parts) end;

-- The last user message that has content; usually simply the last message.
create or replace macro last_user_message(messages) as
    case
        when messages[-1].role = 'user' and messages[-1].content is not null then messages[-1]
        else list_filter(messages, lambda message: message.role = 'user' and message.content is not null)[-1]
    end;

-- The text of the last user message that has text, where contents may be lists of parts.
create or replace macro last_user_text(messages, typed) as
    list_filter(
        list_transform(
            range(1, len(messages) + 1),
            lambda position: case
                when messages[position].role = 'user' then text_of_content(messages[position].content, typed[position].content)
            end
        ),
        lambda content: content is not null
    )[-1];

create or replace macro is_assistant_role(role) as list_contains(['assistant', 'model', 'gpt', 'bot', 'chatbot'], role);

-- The messages of a conversation in the shapes of chat APIs, Google, ShareGPT and OpenTelemetry. Where no value is a list, no content is one.
-- The engine gives the field of a pair's half that is absent the value of another record, so each is asked for before it is opened.
create or replace macro chat_messages(chat) as
    case when chat is not null then list_transform(
        list_zip(
            json_transform(chat, '[{
                "role": "VARCHAR", "from": "VARCHAR", "content": "VARCHAR", "value": "VARCHAR", "finish_reason": "VARCHAR",
                "parts": [{"type": "VARCHAR", "text": "VARCHAR", "content": "VARCHAR", "thought": "VARCHAR"}]
            }]'),
            json_transform(case when regexp_matches(chat, ':\s*\[') then chat end, '[{"content": [{"type": "VARCHAR", "text": "VARCHAR"}]}]')
        ),
        lambda pair: struct_pack(
            role := coalesce(pair[1].role, pair[1]."from"), content := coalesce(pair[1].content, pair[1]."value"),
            typed := case when pair[2] is not null then pair[2].content end,
            parts := pair[1].parts, finish_reason := pair[1].finish_reason
        )
    ) end;

create or replace macro message_text(message) as
    case
        when message.parts is not null
            then text_of_parts(list_transform(
                list_filter(message.parts, lambda part: coalesce(part.thought, 'false') <> 'true'),
                lambda part: struct_pack(type := part.type, text := coalesce(part.text, part.content))
            ))
        else text_of_content(message.content, message.typed)
    end;

-- The last text of a user; usually simply that of the last message.
create or replace macro last_text_of_user(messages) as
    case
        when messages[-1].content is not null and messages[-1].typed is null and messages[-1].parts is null
            and coalesce(messages[-1].role, 'user') in ('user', 'human')
            then messages[-1].content
        else list_filter(
            list_transform(
                messages, lambda message: case when coalesce(message.role, 'user') in ('user', 'human') then message_text(message) end
            ),
            lambda content: content is not null
        )[-1]
    end;

-- A system prompt that is a text or a list of parts.
create or replace macro text_or_parts(written) as
    case
        when starts_with(written, '[') and json_valid(written)
            then text_of_parts(list_transform(
                json_transform(written, '[{"type": "VARCHAR", "text": "VARCHAR", "content": "VARCHAR"}]'),
                lambda part: struct_pack(type := part.type, text := coalesce(part.text, part.content))
            ))
        else written
    end;

create or replace macro error_of_answer(error) as
    case
        when starts_with(error, '{') and json_valid(error)
            then coalesce(json_extract_string(error, '$.type'), json_extract_string(error, '$.code'), json_extract_string(error, '$.status'))
        else error
    end;

-- Method and path of `POST /v1/messages HTTP/1.1`; the path without its query.
create or replace macro request_line_parts(request_line) as
    regexp_extract(request_line, '^([A-Z]+) (?:https?://[^/ ]+)?([^? ]+)', ['method', 'path']);

create or replace macro is_system_role(role) as role = 'system' or role = 'developer';

-- More than a system prompt and one user turn: the messages are kept as logged.
create or replace macro is_conversation(messages) as len(messages) > 2 or (len(messages) = 2 and not is_system_role(messages[1].role));

-- Text that gateways write in place of content.
create or replace macro is_redacted(content) as
    case
        when content is null or strlen(content) > 19 then false
        else is_one_of(content, [
            'redacted-by-litellm', 'REDACTED_BY_LITELM', 'REDACTED_BY_LITELLM', '[REDACTED]', '<REDACTED>', 'REDACTED', '[redacted]', '<redacted>',
            '[Filtered]', '[FILTERED]', '[MASKED]', '***', '****', '*****'
        ])
    end;

-- An answer, unless it stands for none; fewer words than elsewhere, since models answer `None` and `N/A`.
create or replace macro answered(content) as
    case
        when strlen(content) <= 7 and is_one_of(content, ['-', '--', '\N', '(null)', '<null>', 'NULL', 'nan', 'NaN', '#N/A', '(empty)']) then null
        else content
    end;

-- Whether a text ends with the mark of a program that cut it, such as `... [truncated 200 chars]`. The last 60 characters are counted from
-- the first one, so most texts are told by their last one.
create or replace macro is_marked_as_cut(content) as
    case
        when regexp_matches(content, '[\])>]\s*$')
            then regexp_matches(right(content, 60), '(?i)[\[(<][^\[(<]{0,20}truncated[^\])>]{0,40}[\])>]\s*$')
        else false
    end;

-- The operation behind the path of an API call; NULL if the path is that of no model API.
create or replace macro operation_of_path(path) as
    case
        when contains(path, '/chat/completions') or regexp_matches(path, '(/v\d/messages|/api/chat|/converse(-stream)?|:(stream)?[gG]enerateContent)$')
            then 'chat'
        when regexp_matches(path, '/responses(/compact)?$') then 'responses'
        when regexp_matches(path, '(/(completions|complete|api/generate)|^/(v\d/)?generate(_stream)?|/invoke(-with-response-stream)?)$') then 'completion'
        when regexp_matches(path, '(/(embeddings|embed|api/embed)|:(batchEmbedContents|embedContent))$') then 'embedding'
        when regexp_matches(path, '/images?/(generations|edits|variations)$') then 'image'
        when regexp_matches(path, '(/audio/(speech|transcriptions|translations)|/realtime)$') then 'audio'
        when regexp_matches(path, '(/(rerank|moderations|predict|count_tokens)|:(predict|rawPredict|streamRawPredict|countTokens))$') then 'other'
    end;

-- The operation behind a word or a path; words that name none are 'other'.
create or replace macro operation_of_word(written) as
    case
        when written is null or written = '' then null
        when starts_with(written, '/') or contains(written, '://') then coalesce(operation_of_path(written), 'other')
        when contains(written, '/') then coalesce(operation_of_path('/' || written), 'other')
        when regexp_matches(lower(written), 'chat|message|converse|generate_?content') then 'chat'
        when contains(lower(written), 'embed') then 'embedding'
        when regexp_matches(lower(written), 'image') then 'image'
        when regexp_matches(lower(written), 'audio|speech|transcription|realtime') then 'audio'
        when regexp_full_match(lower(written), 'responses?') then 'responses'
        when regexp_matches(lower(written), 'completion|generat|invoke') then 'completion'
        else 'other'
    end;
