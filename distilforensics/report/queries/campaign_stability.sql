/*---
title = "Does a heuristic still fire on the campaign's groups when a tenth of the accounts is left out?"
reads = ["campaigns", "observation_stability", "heuristic_states"]
---*/
with groups as (
    select campaign_id, unnest(list_concat(coalesce(templates, []), coalesce(clusters, []))) as entity_id from campaigns
)
select g.campaign_id, s.heuristic_id, h.title, s.entity_id, s.n_repetitions, s.n_fired
from groups as g
join observation_stability as s on s.entity_id = g.entity_id
left join heuristic_states as h on h.heuristic_id = s.heuristic_id
order by g.campaign_id, s.heuristic_id, s.entity_id
