/*---
reads = ["exchanges", "duplicates"]
partition = { exchanges = "record_id", duplicates = "record_id" }
order = "record_id"
params.read_chars = { default = 4096, unit = "characters", why = "half from the beginning and half from the end: bounds the cost of very long texts, whose fixed parts stand at the edges" }
params.edge_chars = { default = 160, unit = "characters", why = "enough for the first and last passage of 48 bytes after marks and white space are shortened" }
---*/
with texts as (
    select
        record_id,
        account_id,
        text_fingerprints as kept,
        prompt_text,
        case when length(prompt_text) <= $read_chars then prompt_text
            else left(prompt_text, $read_chars // 2) || chr(30) || right(prompt_text, $read_chars // 2) end as prompt,
        case when length(system_text) <= $read_chars then system_text
            else left(system_text, $read_chars // 2) || chr(30) || right(system_text, $read_chars // 2) end as system,
        case when length(response_text) <= $read_chars then response_text
            else left(response_text, $read_chars // 2) || chr(30) || right(response_text, $read_chars // 2) end as response
    from exchanges
    anti join duplicates using (record_id)
    where account_id is not null and started_at is not null
)
select
    record_id,
    account_id,
    coalesce(kept.prompt_begin, first_passage(left(prompt_text, $edge_chars))) as prompt_begin,
    coalesce(kept.prompt_end, last_passage(right(prompt_text, $edge_chars))) as prompt_end,
    coalesce(kept.prompt_wording, wording(prompt)) as prompt_wording,
    coalesce(kept.prompt_passages, passages(prompt)) as prompt_passages,
    coalesce(kept.system_passages, passages(system)) as system_passages,
    coalesce(kept.response_passages, passages(response)) as response_passages
from texts
where prompt is not null or system is not null or response is not null
    or kept.prompt_passages is not null or kept.system_passages is not null or kept.response_passages is not null
order by record_id
