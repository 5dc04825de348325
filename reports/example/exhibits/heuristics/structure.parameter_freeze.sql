with settings as (
    select group_id, n_exchanges, n_accounts
    from groups
    where kind = 'parameters' and n_accounts >= $min_tenants and n_exchanges >= $min_exchanges
),
unrelated as (
    select account_id, n_exchanges, coalesce('tenant ' || tenant_id, 'account ' || account_id) as unit from account_profiles
),
log_units as (
    select count(distinct unit) as n_tenants from unrelated
),
measured as (
    select
        a.group_id,
        count(distinct u.unit) as n_tenants,
        sum(a.n_exchanges) / nullif(sum(u.n_exchanges), 0) as frozen_share,
        count(*) filter (where a.n_exchanges = u.n_exchanges) as n_accounts_always
    from group_accounts as a
    join unrelated as u on u.account_id = a.account_id
    semi join settings as s on s.group_id = a.group_id
    group by a.group_id
),
judged as (
    select m.*, -log2(greatest(m.n_tenants, 1) / nullif(l.n_tenants, 0)) as bits
    from measured as m
    cross join log_units as l
)
select
    s.group_id as entity_id,
    j.n_tenants >= $min_tenants and j.bits >= $min_bits and j.frozen_share >= $min_frozen_share as is_fired,
    j.bits as value,
    median(j.bits) over () as baseline,
    $min_bits::double as threshold,
    s.n_exchanges,
    s.n_accounts,
    j.n_tenants,
    j.frozen_share,
    j.n_accounts_always
from settings as s
join judged as j on j.group_id = s.group_id
order by entity_id
