select coalesce(prompt_state, 'not stated') as state, 'prompt' as part, count(*) as n_records
from exchanges group by all
union all
select coalesce(response_state, 'not stated'), 'response', count(*)
from exchanges group by all
order by part, n_records desc, state
