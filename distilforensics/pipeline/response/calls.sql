-- The calls of the case that carry one of the stated ids, with what can be compared.
select
    s.message_id,
    e.record_id,
    e.source_sha256,
    e.source_line,
    e.raw_sha256,
    e.account_id,
    e.api_key_id,
    e.started_at,
    e.status,
    coalesce(e.model_served, e.model_requested) as model,
    e.model_requested,
    e.input_tokens,
    e.output_tokens,
    e.prompt_text,
    e.response_text
from (select unnest($ids::varchar[]) as message_id) as s
join exchanges as e on e.response_id = s.message_id or e.request_id = s.message_id
order by s.message_id, e.record_id
