/*---
reads = ["exchanges", "duplicates"]
partition = { exchanges = "account_id" }
order = "account_id"
params.even_pace = { default = 0.35, unit = "median pause / mean pause", why = "pauses of people are short within and long between sessions (0.00 to 0.15, a few to 0.3 in simulated logs); chance alone gives 0.69, a circle of accounts 1" }
params.night_hours = { default = 8, unit = "hours", why = "longer pauses are nights and week-ends and say nothing about the pace of work" }
params.min_pauses = { default = 30, unit = "pauses", why = "a median over fewer is mostly noise" }
params.min_pace_days = "days"
---*/
-- Traits of accounts that are known before any exchange is looked at in detail: they become groups, and bear nothing by themselves.
with calls as (
    select
        e.account_id,
        e.started_at
    from exchanges as e
    anti join duplicates as d on d.record_id = e.record_id
    where e.account_id is not null and e.started_at is not null
),
pauses as (
    select
        account_id,
        started_at::date as day,
        epoch_us(started_at) - lag(epoch_us(started_at)) over (partition by account_id order by started_at) as pause_us
    from calls
),
paces as (
    select
        account_id,
        count(*) as n_pauses,
        count(distinct day) as n_pause_days,
        round(median(pause_us) / nullif(sum(pause_us) / count(*), 0), 6) as pace
    from pauses
    where pause_us < $night_hours * 3600000000
    group by account_id
),
accounts as (
    select distinct account_id from calls
)
select
    accounts.account_id,
    coalesce(paces.n_pauses, 0) as n_pauses,
    paces.pace,
    coalesce(paces.n_pauses >= $min_pauses and paces.n_pause_days >= $min_pace_days and paces.pace >= $even_pace, false) as is_even
from accounts
left join paces on paces.account_id = accounts.account_id
order by accounts.account_id
