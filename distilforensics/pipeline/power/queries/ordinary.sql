/*---
title = "Ordinary accounts that no campaign holds, with the format that most of their records have"
reads = ["account_profiles", "accounts", "exchanges"]
---*/
with unaccused as (
    select p.account_id, p.n_exchanges, p.n_exchanges / p.n_active_days as per_day
    from account_profiles as p
    semi join (select account_id from accounts where campaign_id is null) as a using (account_id)
),
formats as (
    select account_id, source_format, count(*) as n from exchanges where account_id is not null group by account_id, source_format
),
main_format as (
    select account_id, arg_max(source_format, (n, source_format)) as source_format from formats group by account_id
)
select account_id, n_exchanges::bigint as n_exchanges, per_day, source_format
from unaccused inner join main_format using (account_id)
order by account_id
