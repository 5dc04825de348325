/*---
reads = ["exchanges", "duplicates"]
params.read_chars = { default = 4096, unit = "characters", why = "half from the beginning and half from the end: bounds the cost of very long texts, whose fixed parts stand at the edges" }
params.edge_chars = { default = 160, unit = "characters", why = "enough for the first and last passage of 48 bytes after marks and white space are shortened" }
---*/
with kept as (
    select
        record_id,
        account_id,
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
    first_passage(left(prompt_text, $edge_chars)) as prompt_begin,
    last_passage(right(prompt_text, $edge_chars)) as prompt_end,
    wording(prompt) as prompt_wording,
    passages(prompt) as prompt_passages,
    passages(system) as system_passages,
    passages(response) as response_passages
from kept
where prompt is not null or system is not null or response is not null
order by record_id
