select duplicate_class, count(*) as n_records, min(record_id) as example, min_by(duplicate_of, record_id) as example_of
from duplicates
group by duplicate_class
order by duplicate_class
