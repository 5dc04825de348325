/*---
title = "What each heuristic could say about this log"
reads = ["heuristic_states"]
---*/
select * from heuristic_states order by heuristic_id
