select * from heuristic_states order by heuristic_id
