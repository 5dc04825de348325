-- Size of a campaign and its part of the log
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp table campaign_exchanges as
with carried as (
    select distinct c.campaign_id, e.record_id
    from campaigns as c, unnest(c.templates) as own(template_id)
    join template_exchanges as e on e.template_id = own.template_id
)
select
    c.campaign_id, f.record_id, f.account_id, f.started_at, f.status, f.model, f.input_tokens, f.output_tokens, f.prompt_hash,
    f.response_chars, f.lexicon_marks,
    coalesce(len(c.templates), 0) = 0 or k.record_id is not null as is_own
from exchange_features as f
join accounts as a on a.account_id = f.account_id
join campaigns as c on c.campaign_id = a.campaign_id
left join carried as k on k.record_id = f.record_id and k.campaign_id = c.campaign_id;
create or replace temp table log_sizes as
with log as (
    select count(*) as n_requests_log, count(distinct account_id) as n_accounts_log, sum(output_tokens)::bigint as output_log from exchange_features
),
outside as (
    select median(f.output_tokens) as median_output_rest
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    where a.campaign_id is null and f.status = 'ok' and f.output_tokens > 0
)
select * from log, outside;
with members as (
    select count(*) as n_accounts, count(*) filter (n_campaign_exchanges = 0) as n_silent from accounts where campaign_id = 'C-01'
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
    where campaign_id = 'C-01' and is_own
),
other as (
    select count(*) as n_other_requests from campaign_exchanges where campaign_id = 'C-01' and not is_own
)
select
    members.*, own.*, other.*, log.*,
    round(100 * own.n_requests / log.n_requests_log, case when 10 * own.n_requests < log.n_requests_log then 1 else 0 end) as requests_percent,
    round(100 * members.n_accounts / log.n_accounts_log, case when 10 * members.n_accounts < log.n_accounts_log then 1 else 0 end) as accounts_percent,
    round(100 * own.output_tokens / log.output_log, case when 10 * own.output_tokens < log.output_log then 1 else 0 end) as output_percent,
    floor(100 * own.n_distinct_prompts / nullif(own.n_with_prompt, 0)) as distinct_percent
from members, own, other, log_sizes as log;
