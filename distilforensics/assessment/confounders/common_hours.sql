/*---
id = "confounder.common_hours"
title = "A course or workshop that meets online"
question = "Does nearly everything happen in a few common meetings in which most of the accounts take part, each with questions of its own?"
priority = 8
reads = ["candidate_members", "candidate_features"]
params.slot_s = { default = 10800, unit = "seconds", why = "a lesson with its homework" }
params.min_part = { default = 0.6, unit = "share of the members", why = "who are active in the same slot; a few always miss a lesson" }
params.min_common_share = { default = 0.8, unit = "share of the exchanges", why = "that lie in such slots; a course that meets online has no place in common, and hardly anything outside of its lessons" }
params.max_slots = { default = 0.25, unit = "share of all slots from the first to the last exchange", why = "lessons take a small part of the week; a pool that works all day takes all" }
references = ["online workshops and courses: participants at home, who sign up in the first lesson"]
version = 1
---*/
with members as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
slots as (
    select candidate_id, epoch_us(started_at) // 1000000 // $slot_s as slot, count(*) as n, count(distinct account_id) as n_active
    from candidate_features
    group by 1, 2
),
measured as (
    select
        m.candidate_id,
        m.n_accounts,
        coalesce(sum(s.n), 0)::bigint as n_exchanges,
        coalesce(sum(s.n) filter (where s.n_active >= $min_part * m.n_accounts) / sum(s.n), 0) as common_share,
        count(*) filter (where s.n_active >= $min_part * m.n_accounts) as n_common,
        coalesce(max(s.slot) - min(s.slot) + 1, 0) as n_slots
    from members as m
    left join slots as s on s.candidate_id = m.candidate_id
    group by m.candidate_id, m.n_accounts
),
judged as (
    select *, common_share >= $min_common_share and n_common <= $max_slots * n_slots as is_partly from measured
)
select
    candidate_id,
    case when is_partly then 'partly' else 'rebutted' end as verdict,
    round(common_share, 6) as value,
    $min_common_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_partly then 'The group is consistent with a course that meets online: '
            else 'The accounts do not meet at a few common hours: '
        end,
        format('{:.1f} % of the requests lie in {} slots of three hours, of {} from the first to the last, in which at least {:.0f} % of the accounts are active', 100 * common_share, n_common, n_slots, 100 * $min_part),
        '.') as statement
from judged
order by candidate_id
