/*---
reads = ["exchanges", "duplicates"]
partition = { exchanges = "account_id" }
order = "account_id"
params.even_pace = { default = 0.35, unit = "median pause / mean pause", why = "pauses of people are short within and long between sessions (0.00 to 0.15, a few to 0.3 in simulated logs); chance alone gives 0.69, a circle of accounts 1" }
params.night_hours = { default = 8, unit = "hours", why = "longer pauses are nights and week-ends and say nothing about the pace of work" }
params.min_pauses = { default = 30, unit = "pauses", why = "a median over fewer is mostly noise" }
params.min_pace_days = { default = 3, unit = "UTC days", why = "one evenly paced afternoon is an exercise or a test" }
params.min_exchanges = { default = 20, unit = "exchanges with parameters", why = "a mixture of settings shows by volume" }
params.min_parameter_sets = { default = 5, unit = "different sets of call parameters, each in 2 exchanges or more", why = "one program has one set, a person with a few tools has a few; who draws them at random has many" }
params.max_top_share = { default = 0.5, unit = "share of the exchanges with the most frequent set", why = "trying some settings beside the usual one is ordinary" }
---*/
-- Traits of accounts that are known before any exchange is looked at in detail: they become groups, and bear nothing by themselves.
with calls as (
    select
        e.account_id,
        e.record_id,
        e.started_at,
        parameter_key(
            e.operation, e.max_output_tokens, e.temperature, e.top_p, e.is_stream, e.n_choices, e.n_tools, e.tools_sha256, e.response_format,
            e.reasoning_effort) as parameters
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
sets as (
    select account_id, parameters, count(*) as n from calls where parameters is not null group by account_id, parameters
),
variety as (
    select account_id, sum(n)::bigint as n_with_parameters, count(*) filter (where n >= 2) as n_parameter_sets, round(max(n) / sum(n), 6) as top_parameter_share
    from sets
    group by account_id
),
accounts as (
    select distinct account_id from calls
)
select
    accounts.account_id,
    coalesce(paces.n_pauses, 0) as n_pauses,
    paces.pace,
    coalesce(paces.n_pauses >= $min_pauses and paces.n_pause_days >= $min_pace_days and paces.pace >= $even_pace, false) as is_even,
    coalesce(variety.n_parameter_sets, 0) as n_parameter_sets,
    variety.top_parameter_share,
    coalesce(
        variety.n_with_parameters >= $min_exchanges
        and variety.n_parameter_sets >= $min_parameter_sets
        and variety.top_parameter_share <= $max_top_share, false) as is_varied
from accounts
left join paces on paces.account_id = accounts.account_id
left join variety on variety.account_id = accounts.account_id
order by accounts.account_id
