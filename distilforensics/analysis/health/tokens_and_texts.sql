/*---
title = "Tokens without text, and texts without tokens"
reads = ["exchanges"]
columns = ["output_tokens", "response_text"]
facts = ["answer"]
costs_from = 0.05
costs = "Answers are missing from calls that were answered; what was taken is larger than what the log shows."
---*/
-- Lengths and states tell as much as the texts, which are long.
with answers as (
    select record_id, output_tokens, coalesce(response_state in ('full', 'truncated'), false) or response_sha256 is not null as is_logged, response_chars > 0 as has_words
    from exchanges
)
select
    'tokens without answer' as part, count(*) filter (output_tokens > 0 and not is_logged) as n_affected,
    case when bool_or(is_logged) then count(*) filter (output_tokens > 0) else 0 end as n_checked,
    null::varchar as detail, min(record_id) filter (output_tokens > 0 and not is_logged) as example, ['response_text', 'response_sha256'] as columns
from answers
union all
select
    'answer without tokens', count(*) filter (is_logged and has_words and output_tokens is null),
    case when count(output_tokens) = 0 then 0 else count(*) filter (is_logged and has_words) end,
    null, min(record_id) filter (is_logged and has_words and output_tokens is null), ['output_tokens']
from answers
order by part
