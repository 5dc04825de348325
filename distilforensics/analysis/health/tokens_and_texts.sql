/*---
title = "Tokens without text, and texts without tokens"
reads = ["exchanges"]
columns = ["output_tokens", "response_text"]
facts = ["answer"]
costs_from = 0.05
costs = "Answers are missing from calls that were answered; what was taken is larger than what the log shows."
---*/
select
    'tokens without answer' as part, count(*) filter (output_tokens > 0 and response_text is null and response_sha256 is null) as n_affected,
    case when count(response_text) + count(response_sha256) = 0 then 0 else count(*) filter (output_tokens > 0) end as n_checked,
    null::varchar as detail, min(record_id) filter (output_tokens > 0 and response_text is null and response_sha256 is null) as example,
    ['response_text', 'response_sha256'] as columns
from exchanges
where text_fingerprints is null
union all
select
    'answer without tokens', count(*) filter (response_text <> '' and output_tokens is null),
    case when count(output_tokens) = 0 then 0 else count(*) filter (response_text <> '') end,
    null, min(record_id) filter (response_text <> '' and output_tokens is null), ['output_tokens']
from exchanges
where text_fingerprints is null
order by part
