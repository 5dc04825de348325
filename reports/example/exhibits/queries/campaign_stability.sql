with own as (
    select campaign_id, unnest(list_concat(coalesce(templates, []), coalesce(clusters, []))) as entity_id from campaigns
)
select
    o.campaign_id, s.heuristic_id, coalesce(h.title, s.heuristic_id) as title,
    count(*) as n_groups, count(*) filter (s.n_fired = s.n_repetitions) as n_groups_always,
    min(s.n_repetitions) as n_repetitions, min(s.n_fired) as lowest,
    case when count(t.entity_id) > 0 then count(*) filter (t.fires_stricter) end as n_groups_stricter
from own as o
join observation_stability as s on s.entity_id = o.entity_id
left join threshold_stability as t on t.heuristic_id = s.heuristic_id and t.entity_id = s.entity_id
left join heuristic_states as h on h.heuristic_id = s.heuristic_id
group by o.campaign_id, s.heuristic_id, h.title
order by o.campaign_id, s.heuristic_id
