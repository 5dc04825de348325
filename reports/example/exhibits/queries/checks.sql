select 'exchanges without duplicates' as subject, (select sum(n_kept)::bigint from sources where role = 'log') as stated,
    (select count(*) from exchanges) - (select count(*) from duplicates) as recomputed
union all
select 'quarantined records', (select sum(n_quarantined)::bigint from sources where role = 'log'), (select count(*) from quarantine)
union all
select 'repeated records', (select sum(n_duplicate)::bigint from sources where role = 'log'), (select count(*) from duplicates)
union all
select 'exchanges over all account profiles', (select coalesce(sum(n_exchanges), 0)::bigint from account_profiles), (select count(*) from exchange_features)
union all
select 'accounts', (select count(*) from accounts), (select count(distinct account_id) from exchange_features)
union all
select 'members of ' || campaign_id, n_accounts, (select count(*) from accounts as a where a.campaign_id = c.campaign_id)
from campaigns as c
union all
select 'exchanges of ' || campaign_id, n_exchanges, (select coalesce(sum(n_own), 0)::bigint from campaign_hours as h where h.campaign_id = c.campaign_id)
from campaigns as c
union all
select 'all exchanges of the members of ' || campaign_id, n_exchanges_members, (select coalesce(sum(n_exchanges), 0)::bigint from campaign_hours as h where h.campaign_id = c.campaign_id)
from campaigns as c
order by subject
