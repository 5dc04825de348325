/*---
description = "Calls with work that was refused somewhere, each with the next call of anybody with the same work"
reads = ["exchange_features"]
driver = "work is a prompt, or without text a shape, and calls of an outage are told by all accounts of the same minutes"
params.handover_us = "handover_us"
params.shape_us = "moment_us"
params.min_shape_tokens = { default = 12, unit = "tokens", why = "greetings and probes of a few tokens are alike everywhere" }
params.min_prompt_chars = "prompt_chars"
params.max_prompt_accounts = "household_accounts"
params.slot_us = { default = 600_000_000, unit = "microseconds", why = "outages of services last ten minutes and more" }
params.min_failing_accounts = "some_accounts"
params.min_failing_share = { default = 0.3, unit = "share of active accounts", why = "in an outage most active customers fail; outside of one 1 to 3 % do" }
---*/
with outages as (
    select epoch_us(started_at) // $slot_us as slot
    from exchange_features
    group by slot
    having count(distinct account_id) filter (where status = 'error') >= greatest($min_failing_accounts, $min_failing_share * count(distinct account_id))
),
calls as (
    select
        e.record_id,
        e.account_id,
        epoch_us(e.started_at) as at_us,
        e.status in ('limited', 'error', 'blocked') and not (e.status = 'error' and o.slot is not null) as is_failed,
        e.prompt_hash is null as is_shape,
        case
            when e.prompt_hash is not null then case when coalesce(e.prompt_chars, $min_prompt_chars) >= $min_prompt_chars then e.prompt_hash end
            when e.input_tokens >= $min_shape_tokens then concat_ws('|', 'shape', e.input_tokens, e.model, e.parameter_template, e.n_turns)
        end as work
    from exchange_features as e
    left join outages as o on o.slot = epoch_us(e.started_at) // $slot_us
),
tried as (
    select c.*
    from calls as c
    semi join (select work from calls where work is not null group by work having bool_or(is_failed)) as f on f.work = c.work
),
popular as (
    select work from tried group by work having count(distinct account_id) > $max_prompt_accounts and not bool_or(is_shape)
),
followed as (
    select
        *,
        lead(record_id) over turn as other_record_id,
        lead(account_id) over turn as other_account_id,
        lead(at_us) over turn - at_us as delay_us
    from tried
    window turn as (partition by work order by at_us, record_id)
)
select
    f.record_id,
    f.account_id,
    f.is_failed,
    f.is_shape,
    p.work is not null as is_popular,
    f.work,
    f.other_record_id,
    f.other_account_id,
    f.delay_us,
    coalesce(f.other_account_id <> f.account_id and f.delay_us <= case when f.is_shape then $shape_us else $handover_us end, false) as goes_on
from followed as f
left join popular as p on p.work = f.work
order by f.record_id
