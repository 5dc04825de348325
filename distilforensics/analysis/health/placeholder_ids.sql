/*---
title = "Words for nothing that stand as ids"
reads = ["exchange_features"]
columns = ["account_id", "session_id", "end_user_id"]
facts = ["handover", "conversation", "scheduler", "synchrony"]
costs_from = 0.01
costs = "Callers behind one such word are taken for one account, so that what they do together cannot be told from what one does alone."
---*/
with ids as (
    unpivot (select record_id, account_id as account, session_id as session, end_user_id as "end user" from exchange_features)
    on account, session, "end user" into name part value id
),
judged as (
    select part, id, record_id, regexp_full_match(
        lower(id), '[-_. ]*|(n/?a|null|none|nil|undefined|unknown|anonymous|anon|default|default_user_id|test|tbd|todo|user|guest|nobody|root|admin|system|0+|(0{8}-0{4}-0{4}-0{4}-0{12}))'
    ) as is_placeholder
    from ids
)
select
    part, count(*) filter (is_placeholder) as n_affected, count(*) as n_checked,
    case when bool_or(is_placeholder) then 'such as ' || min(id) filter (is_placeholder) end as detail,
    min(record_id) filter (is_placeholder) as example,
    [replace(part, ' ', '_') || '_id'] as columns
from judged
group by part
order by part
