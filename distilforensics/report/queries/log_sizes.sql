/*---
title = "Size of the whole log, and the median answer to accounts outside of campaigns"
reads = ["exchange_features", "accounts"]
is_relation = true
---*/
with log as (
    select count(*) as n_requests_log, count(distinct account_id) as n_accounts_log, sum(output_tokens)::bigint as output_log from exchange_features
),
outside as (
    select median(f.output_tokens) as median_output_rest
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    where a.campaign_id is null and f.status = 'ok' and f.output_tokens > 0
)
select * from log, outside
