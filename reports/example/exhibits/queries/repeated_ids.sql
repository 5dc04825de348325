with kept as (select request_id, response_id from exchanges anti join duplicates using (record_id)),
counted as (
    select 'request_id' as identifier, request_id as value, count(*) as n from kept where request_id is not null group by request_id
    union all
    select 'response_id', response_id, count(*) from kept where response_id is not null group by response_id
)
select
    identifier,
    count(*) as n_values,
    sum(n)::bigint as n_records,
    count(*) filter (n > 1) as n_repeated_values,
    coalesce(sum(n) filter (n > 1), 0)::bigint as n_records_with_repeated,
    coalesce(sum(n) filter (lower(trim(value)) in ('', 'none', 'null', 'nil', 'undefined', '-')), 0)::bigint as n_placeholders
from counted
group by identifier
order by identifier
