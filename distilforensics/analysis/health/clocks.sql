/*---
title = "Clocks that contradict each other"
reads = ["exchanges", "account_profiles"]
columns = ["accounts_directory.created_at"]
concerns = "order"
facts = ["handover", "signup", "synchrony"]
costs_from = 0.01
costs = "Which of two calls came first is uncertain, and with it who took over from whom."
---*/
select
    'answer before request' as part, count(*) filter (ended_at < started_at) as n_affected, count(ended_at) as n_checked,
    case when bool_or(ended_at < started_at) then 'by up to ' || max(epoch_ms(started_at) - epoch_ms(ended_at)) filter (ended_at < started_at) || ' ms' end as detail,
    min(record_id) filter (ended_at < started_at) as example, []::varchar[] as columns
from exchanges
union all
select
    'request before sign-up', count(*) filter (first_seen < created_at), count(created_at),
    case when bool_or(first_seen < created_at) then 'by up to ' || max(date_diff('minute', first_seen, created_at)) || ' minutes' end,
    min(account_id) filter (first_seen < created_at), ['accounts_directory.created_at']
from account_profiles
order by part
