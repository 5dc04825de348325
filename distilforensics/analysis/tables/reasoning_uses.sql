/*---
reads = ["exchanges", "duplicates", "accounts_directory"]
partition = { exchanges = "account_id" }
order = "signature_sha256, account_id, session_id, opening_hash, preceding_hash, is_answer"
params.min_signature_chars = { default = 64, unit = "characters", why = "signatures and encrypted reasoning have hundreds; shorter ones are placeholders that clients write to pass a check" }
---*/
-- Only requests whose JSON names one of the keys are parsed. A key that stands inside of a text is escaped there and does not match.
with directory as (
    select account_id, min(tenant_id) as tenant_id from accounts_directory group by account_id
),
kept as (
    select
        x.record_id, x.account_id, x.session_id, x.started_at, x.reasoning_signature_sha256, coalesce(x.tenant_id, t.tenant_id) as tenant_id,
        coalesce(x.model_served, x.model_requested) as model
    from exchanges as x
    anti join duplicates as d on d.record_id = x.record_id
    left join directory as t on t.account_id = x.account_id
    where x.account_id is not null and x.started_at is not null
),
requests as (
    select
        e.record_id,
        from_json(
            e.messages_json,
            '[{"role": "VARCHAR", "type": "VARCHAR", "encrypted_content": "VARCHAR", "content": "JSON", "output": "JSON",
            "thinking_blocks": [{"signature": "VARCHAR", "data": "VARCHAR"}], "reasoning_details": [{"signature": "VARCHAR", "data": "VARCHAR"}]}]'
        ) as messages
    from exchanges as e
    where (
        contains(e.messages_json, '"signature"') or contains(e.messages_json, '"encrypted_content"')
        or contains(e.messages_json, '"redacted_thinking"') or contains(e.messages_json, '"redactedContent"')
        or contains(e.messages_json, '"reasoning_details"') or contains(e.messages_json, '"thoughtSignature"')
    )
        and json_valid(e.messages_json)
        and json_type(e.messages_json) = 'ARRAY'
),
turns as (
    select record_id, unnest(messages) as message, generate_subscripts(messages, 1) as position
    from requests
),
parsed as (
    select
        record_id,
        position,
        message.role in ('user', 'tool', 'function') or ends_with(message.type, '_output') as is_input,
        message.role = 'user' as is_user,
        message.type,
        message.encrypted_content,
        message.thinking_blocks,
        message.reasoning_details,
        case
            when json_type(message.content) = 'ARRAY'
                then from_json(
                    message.content,
                    '[{"type": "VARCHAR", "signature": "VARCHAR", "data": "VARCHAR", "encrypted_content": "VARCHAR", "thoughtSignature": "VARCHAR",
                    "reasoningContent": {"reasoningText": {"signature": "VARCHAR"}, "redactedContent": "VARCHAR"}}]')
        end as parts,
        text_key(turn_text(coalesce(message.content, message.output))) as text_hash
    from turns
),
placed as (
    select
        *,
        first_value(case when is_user then text_hash end ignore nulls) over (partition by record_id order by position
            rows between unbounded preceding and unbounded following) as opening_hash,
        coalesce(
            last_value(case when is_input then coalesce(text_hash, 'without text') end ignore nulls) over (partition by record_id order by position
                rows between unbounded preceding and 1 preceding),
            'nothing') as preceding_hash
    from parsed
),
signatures as (
    select
        record_id,
        opening_hash,
        preceding_hash,
        unnest(list_distinct(list_filter(
            list_concat(
                case when type = 'reasoning' then [encrypted_content] else [] end,
                list_transform(coalesce(thinking_blocks, []), lambda block: coalesce(block.signature, block.data)),
                list_transform(coalesce(reasoning_details, []), lambda block: coalesce(block.signature, block.data)),
                list_transform(
                    coalesce(parts, []),
                    lambda part: coalesce(
                        case when part.type in ('thinking', 'reasoning') then part.signature end,
                        case when part.type = 'redacted_thinking' then part.data end,
                        case when part.type = 'reasoning' then part.encrypted_content end,
                        part.thoughtSignature,
                        part.reasoningContent.reasoningText.signature,
                        part.reasoningContent.redactedContent))),
            lambda signature: length(signature) >= $min_signature_chars))) as signature
    from placed
),
in_requests as (
    select sha256(s.signature) as signature_sha256, s.record_id, s.opening_hash, s.preceding_hash, false as is_answer
    from signatures as s
),
-- The exchange that received the signature: its place is after the last turn of its own request.
answered as (
    select
        e.record_id,
        e.prompt_text,
        case when json_valid(e.messages_json) then e.messages_json end as messages_json
    from exchanges as e
    where e.reasoning_signature_sha256 is not null and e.text_fingerprints is null
),
-- Each text by itself, since a macro repeats its argument and with it the parsing.
contents as (
    select
        record_id,
        prompt_text,
        messages_json is null as is_text,
        json_extract(
            list_filter(json_extract(messages_json, '$[*]'), lambda turn: json_extract_string(turn, '$.role') = 'user')[1], '$.content') as opening,
        coalesce(json_extract(messages_json, '$[#-1].content'), json_extract(messages_json, '$[#-1].output')) as preceding
    from answered
),
answered_texts as (
    select
        record_id,
        case when is_text then prompt_text else turn_text(opening) end as opening,
        case when is_text then prompt_text else turn_text(preceding) end as preceding
    from contents
),
in_answers as (
    select
        e.reasoning_signature_sha256 as signature_sha256,
        e.record_id,
        text_key(x.opening) as opening_hash,
        coalesce(text_key(x.preceding), 'without text') as preceding_hash,
        true as is_answer
    from kept as e
    join answered_texts as x on x.record_id = e.record_id
    where e.reasoning_signature_sha256 is not null
),
uses as (
    select * from in_requests
    union all
    select * from in_answers
    union all
    select use.signature_sha256, record_id, use.opening_hash, use.preceding_hash, use.is_answer
    from (
        select record_id, unnest(text_fingerprints.reasoning_uses) as use from exchanges where text_fingerprints is not null
    )
    cross join unnest(range(use.n_uses))
)
select
    u.signature_sha256,
    e.account_id,
    e.session_id,
    u.opening_hash,
    u.preceding_hash,
    u.is_answer,
    min(e.tenant_id) as tenant_id,
    count(*) as n_exchanges,
    min(e.started_at) as first_seen,
    min(u.record_id) as sample_record_id,
    arg_min(e.model, u.record_id) as model
from uses as u
join kept as e on e.record_id = u.record_id
group by all
order by u.signature_sha256, e.account_id, e.session_id, u.opening_hash, u.preceding_hash, u.is_answer
