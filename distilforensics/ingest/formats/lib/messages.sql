-- Chat messages. A message's content is text, or a list of parts; `json_transform` to VARCHAR gives the text, or the list as JSON.
-- A text that merely looks like a list is told apart by `parts_*`, which come from a second, typed transformation of the same record.

create or replace macro looks_like_parts(content) as starts_with(content, '[');

-- The text parts of a content list, joined by line feeds; NULL if it has none.
create or replace macro text_of_parts(parts) as
    nullif(
        array_to_string(
            list_transform(
                list_filter(parts, lambda part: part.text is not null and coalesce(part.type, 'text') in ('text', 'input_text', 'output_text')),
                lambda part: part.text
            ),
            E'\n'
        ),
        ''
    );

-- The last user message with content; usually simply the last message.
create or replace macro last_user_message(messages) as
    case
        when messages[-1].role = 'user' and messages[-1].content is not null then messages[-1]
        else list_filter(messages, lambda message: message.role = 'user' and message.content is not null)[-1]
    end;

create or replace macro is_system_role(role) as role in ('system', 'developer');

-- Where LiteLLM cut a long string: how many characters it left out, and the length of the text that marks the place.
create or replace macro litellm_cut(content) as
    case
        when contains(content, '(litellm_truncated ')
            then regexp_extract(content, '(?s)(\.\.\. \(litellm_truncated(?: skipped)? (\d+) chars.*?\) \.\.\.)', ['marker', 'skipped'])
    end;

create or replace macro is_cut(cut) as coalesce(cut.marker <> '', false);

-- Characters before the cut.
create or replace macro uncut_length(content, cut) as
    case when is_cut(cut) then length(content) - length(cut.marker) + try_cast(cut.skipped as bigint) end;

create or replace macro is_redacted(content) as content in ('redacted-by-litellm', 'REDACTED_BY_LITELM', 'REDACTED_BY_LITELLM', '[REDACTED]');
