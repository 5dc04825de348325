-- Tests by what they could say about this log
create or replace temp view heuristic_states as from read_parquet(['data/heuristic_states.parquet']);
select
    count(*) as n_tests,
    count(*) filter (state = 'fired') as n_fired,
    count(*) filter (state = 'silent') as n_silent,
    count(*) filter (state = 'inconclusive') as n_small,
    count(*) filter (state = 'not_evaluated') as n_missing
from heuristic_states;
