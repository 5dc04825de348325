/*---
reads = ["candidate_exchanges", "exchange_features"]
description = "Size of each candidate in exchanges, tokens and time"
---*/
select
    c.candidate_id,
    count(*) as n_exchanges,
    sum(e.input_tokens)::bigint as input_tokens,
    sum(e.output_tokens)::bigint as output_tokens,
    count(distinct e.prompt_hash) as n_distinct_prompts,
    min(e.started_at) as first_seen,
    max(e.started_at) as last_seen
from candidate_exchanges as c
join exchange_features as e on e.record_id = c.record_id
group by c.candidate_id
order by c.candidate_id
