-- Duplicates per source, and those among them that carry a flag.
select
    left(placed.record_id, 16) as source,
    count(*) as n_duplicates,
    count(*) filter (where len(placed.parse_flags) > 0) as n_flagged
from placed
inner join found on found.record_id = placed.record_id
group by source
order by source
