-- The calls of each group that carry its pattern; all calls of its members where it has none.
with patterns as (
    select campaign_id as name, unnest(templates) as template_id from campaigns
    union all
    select group_id, unnest(templates) from explained_groups
),
carried as (
    select distinct p.name, t.record_id from template_exchanges as t join patterns as p using (template_id)
)
select m.name, f.record_id, f.account_id
from exchange_features as f
join members as m using (account_id)
left join carried as c on c.name = m.name and c.record_id = f.record_id
where c.record_id is not null or m.name not in (select name from patterns)
