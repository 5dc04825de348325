/*---
title = "Kinds of requests by the words in them: in the campaign and in the rest of the log"
reads = ["exchange_features", "campaign_exchanges"]
---*/
with marked as (
    select e.record_id is not null as is_own, len(f.lexicon_marks) as n_marks, f.lexicon_marks as marks
    from exchange_features as f
    left join campaign_exchanges as e on e.record_id = f.record_id and e.campaign_id = $campaign_id and e.is_own
    where f.lexicon_marks is not null
),
sizes as (
    select count(*) filter (is_own) as n_own_all, count(*) filter (not is_own) as n_rest_all from marked
)
select
    t.mark, count(*) filter (t.is_own) as n_own, any_value(s.n_own_all) as n_own_all,
    round(100 * count(*) filter (t.is_own) / any_value(s.n_own_all), 1) as own_percent,
    round(100 * count(*) filter (not t.is_own) / nullif(any_value(s.n_rest_all), 0), 1) as rest_percent
from (select is_own, unnest(marks) as mark from marked) as t
cross join sizes as s
group by t.mark
having count(*) filter (t.is_own) > 0
order by n_own desc, t.mark
