-- The groups that are written: campaigns, and groups that may be one operator's own.
select a.campaign_id as name, any_value(a.grade order by a.grade) as grade, count(*) as n_accounts,
    min(a.first_seen)::date as first_day, max(a.last_seen)::date as last_day
from accounts as a
where a.campaign_id is not null
group by a.campaign_id
order by name
