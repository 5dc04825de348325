/*---
title = "All tests with state and reason"
reads = ["heuristic_states"]
---*/
select heuristic_id, code, title, family, level, version, sha256, parameters, state, coalesce(reason, '') as reason, evaluable_rows, total_rows, n_entities, n_fired
from heuristic_states
order by list_position(['coordination', 'infrastructure', 'harvest', 'structure', 'evasion'], family), heuristic_id
