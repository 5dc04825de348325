/*---
description = "How busy both accounts of a handed-over call were before and after it: a work that moves stops at one and begins at the other"
reads = ["work_ties", "exchange_features"]
driver = "rows of handed-over calls"
params.window_us = { default = 3_600_000_000, unit = "microseconds", why = "an hour is the longest limit window in use; with ten minutes and two hours the outcome is the same" }
---*/
with handed as (
    select record_id, account_id, other_record_id, other_account_id
    from work_ties
    where kind = 'handover' and relation <> 'same'
),
involved as (
    select account_id from handed
    union
    select other_account_id from handed
),
calls as (
    select e.record_id, e.account_id, epoch_us(e.started_at) as at_us
    from exchange_features as e
    semi join involved as i on i.account_id = e.account_id
),
surrounded as (
    select
        record_id,
        at_us,
        count(*) over (partition by account_id order by at_us range between $window_us preceding and 1 preceding) as n_before,
        count(*) over (partition by account_id order by at_us range between 1 following and $window_us following) as n_after
    from calls
)
select
    h.record_id,
    h.other_record_id,
    x.at_us,
    x.n_before,
    x.n_after,
    y.n_before as n_other_before,
    y.n_after as n_other_after
from handed as h
join surrounded as x on x.record_id = h.record_id
join surrounded as y on y.record_id = h.other_record_id
order by h.record_id, h.other_record_id
