-- What the analysis computes from the texts of each exchange, one row per exchange in order. Marks of replayed reasoning follow later:
-- they rest on the whole log.
with uses as (
    select
        account_id as record_id,
        list({'signature_sha256': signature_sha256, 'opening_hash': opening_hash, 'preceding_hash': preceding_hash, 'is_answer': is_answer,
            'n_uses': n_exchanges} order by signature_sha256, opening_hash, preceding_hash, is_answer) as reasoning_uses
    from reasoning_uses
    group by account_id
),

turns as (
    select record_id, turn_content(messages_json, 'user', -2) as earlier, turn_content(messages_json, 'assistant', -1) as quoted
    from exchanges
    where json_valid(messages_json) and json_type(messages_json) = 'ARRAY'
)

select
    f.prompt_hash,
    f.response_hash,
    f.system_template,
    f.prefix_template,
    f.suffix_template,
    f.first_number,
    f.last_number,
    f.lexicon_marks,
    f.is_refused as is_refusal,
    hides_characters(left(x.prompt_text, 20000)) or hides_characters(left(x.system_text, 20000)) as hides_characters,
    p.prompt_begin,
    p.prompt_end,
    p.prompt_wording,
    p.prompt_passages,
    p.system_passages,
    p.response_passages,
    case when is_one_text(t.earlier) then turn_hash(t.earlier) end as earlier_prompt_hash,
    turn_hash(t.quoted) as quoted_answer_hash,
    u.reasoning_uses,
    x.prompt_text,
    x.response_text,
    x.system_text,
    x.messages_json
from exchanges as x
join exchange_features as f on f.record_id = x.record_id
left join fingerprints as p on p.record_id = x.record_id
left join turns as t on t.record_id = x.record_id
left join uses as u on u.record_id = x.record_id
order by x.record_id
