-- State of the log, every check
create or replace temp view health_checks as from read_parquet(['data/health_checks.parquet']);
create or replace temp view health_costs as from read_parquet(['data/health_costs.parquet']);
select
    h.verdict, h.title, h.part, h.n_affected, h.n_checked, coalesce(h.detail, '') as detail, coalesce(h.example, '') as example,
    array_to_string(h.columns, ', ') as columns, array_to_string(h.facts, ', ') as facts,
    coalesce((select string_agg(heuristic_id || ' ' || effect, ', ' order by heuristic_id) from health_costs as c where c.check_id = h.check_id and c.part = h.part), '') as tests,
    h.costs
from health_checks as h
order by list_position(['costs', 'noticed', 'cannot tell', 'fine'], h.verdict), h.check_id, h.part;
