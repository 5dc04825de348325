/*---
description = "Handed-over calls: how busy both accounts were before and after, since a work that moves stops at one and begins at the other; and in whose manner the call goes on"
reads = ["work_ties", "exchange_features"]
driver = "rows of handed-over calls"
params.window_us = "handover_us"
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
taken_over as (
    select distinct other_record_id as record_id from handed
),
calls as (
    select
        e.record_id,
        e.account_id,
        epoch_us(e.started_at) as at_us,
        hash(e.program_template, e.parameter_template, e.model) as manner,
        t.record_id is null as is_own
    from exchange_features as e
    semi join involved as i on i.account_id = e.account_id
    left join taken_over as t on t.record_id = e.record_id
),
surrounded as (
    select
        record_id,
        manner,
        is_own,
        count(*) over (partition by account_id order by at_us range between $window_us preceding and 1 preceding) as n_before,
        count(*) over (partition by account_id order by at_us range between 1 following and $window_us following) as n_after
    from calls
),
-- What an account sends by itself: calls that it took over say nothing of its manner.
manners as (
    select account_id, manner, count(*) as n from calls where is_own group by account_id, manner
),
own as (
    select account_id, sum(n)::bigint as n from manners group by account_id
)
select
    h.record_id,
    h.other_record_id,
    x.n_before,
    x.n_after,
    y.n_before as n_other_before,
    y.n_after as n_other_after,
    coalesce(own_x.n, 0) - x.is_own::bigint as n_own,
    coalesce(manner_x.n, 0) - (x.is_own and x.manner = y.manner)::bigint as n_alike,
    coalesce(own_y.n, 0) as n_other_own,
    coalesce(manner_y.n, 0) as n_other_alike
from handed as h
join surrounded as x on x.record_id = h.record_id
join surrounded as y on y.record_id = h.other_record_id
left join own as own_x on own_x.account_id = h.account_id
left join own as own_y on own_y.account_id = h.other_account_id
left join manners as manner_x on manner_x.account_id = h.account_id and manner_x.manner = y.manner
left join manners as manner_y on manner_y.account_id = h.other_account_id and manner_y.manner = y.manner
order by h.record_id, h.other_record_id
