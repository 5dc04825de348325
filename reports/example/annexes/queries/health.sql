-- What is wrong with the log, and what it costs
create or replace temp view health_checks as from read_parquet(['data/health_checks.parquet']);
create or replace temp view health_costs as from read_parquet(['data/health_costs.parquet']);
with costs as (
    select check_id, part, count(*) filter (effect = 'is switched off') as n_off, count(*) filter (effect <> 'is switched off') as n_less
    from health_costs
    group by check_id, part
)
select
    h.title, h.part, h.n_affected, h.n_checked, (100 * h.n_affected / h.n_checked)::bigint as affected_percent, coalesce(h.detail, '') as detail,
    coalesce(c.n_off, 0) as n_off, coalesce(c.n_less, 0) as n_less, array_to_string(h.facts, ', ') as facts, h.costs,
    count(*) over () as n_found, (select count(*) from health_checks) as n_all
from health_checks as h
left join costs as c on c.check_id = h.check_id and c.part = h.part
-- Missing columns stand in a sentence of their own, beside the tests that need them.
where h.verdict = 'costs' and h.check_id <> 'missing_columns'
order by n_off desc, n_less desc, h.check_id, h.part;
