/*---
title = "Requests of the accounts drawn by lot: one row per account and 1,200th part of the log's time"
reads = ["accounts", "exchange_features", "campaign_exchanges"]
---*/
with drawn as (
    select account_id, campaign_id
    from accounts
    where (campaign_id = $campaign_id and n_campaign_exchanges > 0) or (campaign_id is null and n_exchanges >= 25)
    qualify row_number() over (partition by campaign_id is not null order by md5(account_id), account_id)
        <= case when campaign_id is not null then 28 else 10 end
),
span as (
    select date_trunc('day', min(started_at)) as first_day, date_trunc('day', max(started_at)) + interval 1 day as end_day from exchange_features
),
requests as (
    select account_id, started_at, status, is_own
    from campaign_exchanges
    where campaign_id = $campaign_id and account_id in (select account_id from drawn)
    union all
    select account_id, started_at, status, false
    from exchange_features
    where account_id in (select account_id from drawn where campaign_id is null)
)
select
    r.account_id,
    (1200 * (epoch_us(r.started_at) - epoch_us(s.first_day)) // (epoch_us(s.end_day) - epoch_us(s.first_day)))::bigint as place,
    max(case when r.status in ('limited', 'error', 'blocked') then 3 when r.is_own then 2 else 1 end) as kind,
    count(*) as n_requests
from requests as r
cross join span as s
group by r.account_id, place
order by r.account_id, place
