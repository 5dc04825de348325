/*---
title = "Columns that are filled on some days and not on others"
reads = ["exchanges"]
columns = []
facts = []
costs_from = 0.01
costs = "A change of the log looks like a change of behaviour; days without the column cannot be compared with days that have it."
params.min_requests = { default = 20, unit = "requests of a day", why = "fewer say nothing about a column that not every call has" }
params.high = { default = 0.5, unit = "share of a day's records", why = "the column belongs to the log on that day" }
params.low = { default = 0.05, unit = "share of a day's records", why = "it does not belong to it" }
---*/
with days as (
    select
        started_at::date as day, count(*) as n, count(account_id) as account_id, count(session_id) as session_id, count(client_ip) as client_ip,
        count(user_agent) as user_agent, count(*) filter (prompt_state in ('full', 'truncated')) as prompt_text, count(*) filter (response_state in ('full', 'truncated')) as response_text,
        count(output_tokens) as output_tokens, count(status) as status, count(temperature) as temperature
    from exchanges
    where started_at is not null
    group by 1
    having count(*) >= $min_requests
),
filled as (unpivot days on columns(* exclude (day, n)) into name part value n_filled)
select
    part, count(*) filter (n_filled < $low * n) as n_affected, count(*) as n_checked,
    'filled from ' || min(day) filter (n_filled >= $high * n) || ' to ' || max(day) filter (n_filled >= $high * n) || ', empty first on ' || min(day) filter (n_filled < $low * n) as detail,
    null::varchar as example, [part] as columns
from filled
group by part
having bool_or(n_filled >= $high * n) and bool_or(n_filled < $low * n)
order by part
