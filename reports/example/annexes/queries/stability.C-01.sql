-- Tests that bear the grade: in how many repetitions, each without another tenth of the accounts, they fired again
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view observation_stability as from read_parquet(['data/observation_stability.parquet']);
create or replace temp view heuristic_states as from read_parquet(['data/heuristic_states.parquet']);
create or replace temp view observations as from read_parquet(['data/observations.parquet']);
select
    h.heuristic_id, h.title,
    max(s.n_fired) as n_fired, max(s.n_repetitions) as n_repetitions
from campaigns as c, unnest(c.heuristics) as own(heuristic_id)
join heuristic_states as h on h.heuristic_id = own.heuristic_id
join observation_stability as s on s.heuristic_id = h.heuristic_id
    and (list_contains(c.templates, s.entity_id) or list_contains(c.clusters, s.entity_id))
where c.campaign_id = 'C-01'
group by h.heuristic_id, h.title
order by n_fired desc, h.heuristic_id;
