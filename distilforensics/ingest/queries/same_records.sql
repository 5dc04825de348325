-- Records that say the same as an earlier one in other bytes: the same request id, start, account, tokens and texts.
-- The same id with anything else different is no duplicate: callers can choose ids.
with suspects as (
    select
        record_id, request_id, started_at, account_id, input_tokens, output_tokens, part, part_row,
        sha256(coalesce(prompt_text, prompt_sha256)) as prompt,
        sha256(coalesce(response_text, response_sha256)) as response
    from placed
    where request_id in (select request_id from repeated_ids)
        and record_id not in (select record_id from exact_lines)
)

select
    record_id,
    first_value(record_id) over same_record as duplicate_of,
    part,
    part_row
from suspects
window same_record as (
    partition by request_id, started_at, account_id, input_tokens, output_tokens, prompt, response order by part, part_row
)
qualify row_number() over same_record > 1
