select flag, count(*) as n_records, min(record_id) as example
from (select record_id, unnest(parse_flags) as flag from exchanges)
group by flag
order by n_records desc, flag
