-- How often another account of the campaign sent a limited or failed request again, with two controls
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
create or replace temp table repeats as
with followed as (
    select
        record_id, account_id, started_at, status,
        lead(record_id) over again as next_record_id,
        lead(account_id) over again as next_account,
        lead(started_at) over again as next_started_at,
        lead(status) over again as next_status
    from exchange_features
    where prompt_hash is not null
    window again as (partition by prompt_hash order by started_at, record_id)
)
select *, epoch_us(next_started_at) - epoch_us(started_at) as delay_us
from followed
where epoch_us(next_started_at) - epoch_us(started_at) <= 60000000;
create or replace temp table handovers as
select
    e.campaign_id, r.record_id, r.account_id, r.started_at, r.status,
    r.next_record_id, r.next_account, r.next_started_at, r.next_status, r.delay_us
from campaign_exchanges as e
join repeats as r on r.record_id = e.record_id
join accounts as n on n.account_id = r.next_account and n.campaign_id = e.campaign_id
where e.is_own and e.status in ('limited', 'error', 'blocked') and r.next_account <> r.account_id;
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
with own as (
    select
        count(*) filter (status in ('limited', 'error', 'blocked')) as n_failed,
        count(*) filter (status = 'limited') as n_limited,
        count(*) filter (status = 'error') as n_errors,
        count(*) filter (status = 'blocked') as n_blocked,
        count(*) filter (status = 'ok') as n_answered
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own and prompt_hash is not null
),
moved as (
    select
        count(*) as n_moved,
        count(distinct (h.account_id, h.next_account)) as n_pairs,
        count(distinct h.account_id) as n_from,
        round(median(h.delay_us) / 1000000, 1) as median_seconds,
        round(max(h.delay_us) / 1000000, 1) as longest_seconds,
        count(*) filter (a.payment_fingerprint = b.payment_fingerprint) as n_same_payment
    from handovers as h
    left join account_profiles as a on a.account_id = h.account_id
    left join account_profiles as b on b.account_id = h.next_account
    where h.campaign_id = 'C-01'
),
after_success as (
    select count(*) as n_answered_moved
    from campaign_exchanges as e
    join repeats as r on r.record_id = e.record_id
    where e.campaign_id = 'C-01' and e.is_own and e.status = 'ok' and r.next_account <> r.account_id
),
others as (
    select
        count(*) as n_failed_others,
        count(*) filter (r.next_account <> f.account_id) as n_moved_others
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    left join repeats as r on r.record_id = f.record_id
    where a.campaign_id is null and f.prompt_hash is not null and f.status in ('limited', 'error', 'blocked')
)
select * from own, moved, after_success, others;
