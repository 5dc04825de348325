/*---
id = "confounder.personal_pool"
title = "One person or team with a few subscriptions"
question = "Is the group so small that one person with several subscriptions explains it?"
priority = 1
reads = ["candidate_members", "candidate_features"]
params.max_accounts = { default = 6, unit = "accounts", why = "pools of two to six subscriptions of one person are common and described in public; larger ones are not" }
references = ["public issue threads of pool programs describe two to six subscriptions of one person"]
version = 1
---*/
with sizes as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
)
select
    m.candidate_id,
    case when count(*) <= $max_accounts then 'applies' else 'rebutted' end as verdict,
    count(*)::double as value,
    $max_accounts::double as baseline,
    coalesce(any_value(s.n_exchanges), 0) as n_exchanges,
    count(*) as n_accounts,
    case
        when count(*) <= $max_accounts
            then format('The group has {} accounts, which is consistent with one person who uses several subscriptions in turn.', count(*))
        else format('The group has {} accounts, more than the {} that personal pools have.', count(*), $max_accounts)
    end as statement
from candidate_members as m
left join sizes as s on s.candidate_id = m.candidate_id
group by m.candidate_id
order by m.candidate_id
