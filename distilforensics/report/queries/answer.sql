/*---
title = "Size of a campaign and its part of the log"
reads = ["campaign_exchanges", "accounts", "log_sizes"]
---*/
with members as (
    select count(*) as n_accounts, count(*) filter (n_campaign_exchanges = 0) as n_silent from accounts where campaign_id = $campaign_id
),
own as (
    select
        count(*) as n_requests,
        count(*) filter (status = 'ok') as n_answered,
        count(distinct account_id) as n_senders,
        sum(output_tokens)::bigint as output_tokens,
        date_trunc('second', min(started_at)) as first_seen,
        date_trunc('second', max(started_at)) as last_seen,
        count(distinct started_at::date) as n_days,
        count(prompt_hash) as n_with_prompt,
        count(distinct prompt_hash) as n_distinct_prompts,
        median(output_tokens) filter (status = 'ok' and output_tokens > 0) as median_output
    from campaign_exchanges
    where campaign_id = $campaign_id and is_own
),
other as (
    select count(*) as n_other_requests from campaign_exchanges where campaign_id = $campaign_id and not is_own
)
select
    members.*, own.*, other.*, log.*,
    round(100 * own.n_requests / log.n_requests_log, case when 10 * own.n_requests < log.n_requests_log then 1 else 0 end) as requests_percent,
    round(100 * members.n_accounts / log.n_accounts_log, case when 10 * members.n_accounts < log.n_accounts_log then 1 else 0 end) as accounts_percent,
    round(100 * own.output_tokens / log.output_log, case when 10 * own.output_tokens < log.output_log then 1 else 0 end) as output_percent,
    floor(100 * own.n_distinct_prompts / nullif(own.n_with_prompt, 0)) as distinct_percent
from members, own, other, log_sizes as log
