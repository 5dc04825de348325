-- Other accounts that hang together with the accounts of the stated calls, and by what.
with named as (select unnest($accounts::varchar[]) as account_id),
ties as (
    select other.account_id, 'the same campaign or group, ' || own.campaign_id as tie
    from accounts as own
    join named on named.account_id = own.account_id
    join accounts as other on other.campaign_id = own.campaign_id
    union all
    select other.account_id, 'one customer'
    from customers as own
    join named on named.account_id = own.account_id
    join customers as other on other.named_customer = own.named_customer
    union all
    select other.account_id, 'rare values in common, ' || own.cluster_id
    from cluster_members as own
    join named on named.account_id = own.account_id
    join cluster_members as other on other.cluster_id = own.cluster_id
    union all
    select t.other_account_id, 'work handed over'
    from work_ties as t
    join named on named.account_id = t.account_id
    union all
    select t.account_id, 'work handed over'
    from work_ties as t
    join named on named.account_id = t.other_account_id
)
select t.account_id, list(distinct t.tie order by t.tie) as ties, any_value(a.n_exchanges order by a.n_exchanges) as n_exchanges
from ties as t
join accounts as a on a.account_id = t.account_id
anti join named as n on n.account_id = t.account_id
group by t.account_id
order by t.account_id
