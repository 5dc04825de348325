/*---
title = "Answers that the campaign received, by model"
reads = ["campaign_exchanges", "exchange_features"]
---*/
with log as (
    select coalesce(model, 'not logged') as model, sum(output_tokens) as output_log from exchange_features group by all
),
own as (
    select
        coalesce(model, 'not logged') as model, count(*) as n_requests, count(*) filter (status = 'ok') as n_answered,
        sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own
    group by all
)
select
    o.model, o.n_requests, o.n_answered, o.input_tokens, o.output_tokens,
    round(100 * o.output_tokens / nullif(l.output_log, 0)) as log_percent
from own as o
join log as l on l.model = o.model
order by o.output_tokens desc nulls last, o.n_requests desc, o.model
limit 8
