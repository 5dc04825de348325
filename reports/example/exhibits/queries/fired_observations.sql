with placed as (
    select
        *, row_number() over (partition by heuristic_id order by n_exchanges desc nulls last, entity_id) as place,
        count(*) over (partition by heuristic_id) as n_fired
    from observations where is_fired
)
select heuristic_id, entity_type, entity_id, value, baseline, threshold, n_exchanges, n_accounts, n_fired
from placed where place <= $n_shown
order by heuristic_id, place
