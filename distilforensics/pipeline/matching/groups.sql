-- The groups that are written.
select name, any_value(grade order by grade) as grade, count(*) as n_accounts, min(first_seen)::date as first_day, max(last_seen)::date as last_day
from members
group by name
order by name
