-- Records that show statements of one kind: hand-overs as pairs, requests with the common frame, first requests to a later model
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
create or replace temp table successions as
select
    campaign_id, record_id, account_id, started_at, status,
    lead(record_id) over turn as next_record_id,
    lead(account_id) over turn as next_account,
    lead(started_at) over turn as next_started_at,
    lead(status) over turn as next_status,
    epoch_us(lead(started_at) over turn) - epoch_us(started_at) as delay_us,
    coalesce(lead(account_id) over turn <> account_id and epoch_us(lead(started_at) over turn) - epoch_us(started_at) <= 15000000, false) as is_moved
from campaign_exchanges
where is_own
window turn as (partition by campaign_id order by started_at, record_id);
with reissued as (
    select record_id, next_record_id from handovers where campaign_id = 'C-01' order by md5(record_id), record_id limit 6
),
moved as (
    select record_id, next_record_id
    from successions
    where campaign_id = 'C-01' and is_moved and status in ('limited', 'error', 'blocked')
    order by md5(record_id), record_id
    limit 6
),
framed as (
    select record_id
    from (
        select record_id from campaign_exchanges where campaign_id = 'C-01' and is_own
        qualify row_number() over (partition by account_id order by md5(record_id), record_id) = 1
    )
    order by md5(record_id), record_id
    limit 6
),
models as (
    select record_id, model, started_at, min(started_at) over (partition by model) as model_first
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own and model is not null
),
pivot_calls as (
    select record_id from models where model_first = (select max(model_first) from models) order by started_at, record_id limit 4
),
long_answers as (
    select record_id from campaign_exchanges
    where campaign_id = 'C-01' and is_own and status = 'ok' and output_tokens is not null
    order by output_tokens / nullif(input_tokens, 0) desc nulls last, record_id
    limit 4
)
select 'reissue' as kind, unnest([record_id, next_record_id]) as record_id, md5(record_id) as pair, unnest([1, 2]) as place from reissued
union all
select 'succession', unnest([record_id, next_record_id]), md5(record_id), unnest([1, 2]) from moved
union all
select 'frame', record_id, md5(record_id), 1 from framed
union all
select 'model', record_id, record_id, 1 from pivot_calls
union all
select 'output', record_id, record_id, 1 from long_answers
order by kind, pair, place;
