with large_groups as (
    select group_id from groups where kind <> 'prompt' and n_accounts >= $min_tenants and n_exchanges >= $min_items
),
-- Calls that failed are taken over by other accounts; they are no second draw.
answered as (
    select e.group_id, e.account_id, coalesce('tenant ' || e.tenant_id, 'account ' || e.account_id) as tenant, e.prompt_hash, e.first_number, e.last_number
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    where coalesce(e.status, 'ok') in ('ok', 'partial')
),
tenants as (
    select group_id, count(*) as n_tenants
    from (select distinct group_id, tenant from answered)
    group by group_id
    having count(*) >= $min_tenants
),
draws as (
    select group_id, 'first number' as list_kind, account_id, first_number::varchar as item, first_number as number, count(*) as n
    from answered
    where first_number is not null
    group by group_id, account_id, first_number
    union all
    select group_id, 'last number', account_id, last_number::varchar, last_number, count(*)
    from answered
    where last_number is not null
    group by group_id, account_id, last_number
    union all
    select group_id, 'prompts', account_id, prompt_hash, null, count(*)
    from answered
    where prompt_hash is not null
    group by group_id, account_id, prompt_hash
),
items as (
    select d.group_id, d.list_kind, d.item, min(d.number) as number, count(*) as n_accounts
    from draws as d
    semi join tenants as t on t.group_id = d.group_id
    group by d.group_id, d.list_kind, d.item
),
ranges as (
    select
        group_id,
        list_kind,
        quantile_disc(number, $edge_share) as low,
        quantile_disc(number, 1 - $edge_share) as high
    from items
    group by group_id, list_kind
),
kept_items as (
    select i.group_id, i.list_kind, i.item, i.n_accounts, r.high - r.low + 1 as range_length
    from items as i
    join ranges as r on r.group_id = i.group_id and r.list_kind = i.list_kind
    where i.list_kind = 'prompts' or i.number between r.low and r.high
),
lists as (
    select
        group_id,
        list_kind,
        count(*) as n_seen,
        min(range_length) as range_length,
        sum(n_accounts)::bigint as n_draws,
        sum(n_accounts * (n_accounts - 1))::bigint // 2 as n_meetings
    from kept_items
    group by group_id, list_kind
    having count(*) >= $min_items
        and case list_kind
            when 'prompts' then sum(n_accounts) >= $min_multiplicity * count(*)
            else count(*) >= $min_coverage * min(range_length)
        end
),
per_account as (
    select d.group_id, d.list_kind, d.account_id, count(*) as n_items, sum(d.n)::bigint as n
    from draws as d
    semi join lists as l on l.group_id = d.group_id and l.list_kind = d.list_kind
    semi join kept_items as k on k.group_id = d.group_id and k.list_kind = d.list_kind and k.item = d.item
    group by d.group_id, d.list_kind, d.account_id
),
totals as (
    select
        group_id,
        list_kind,
        count(*) as n_accounts,
        sum(n)::bigint as n_exchanges,
        (sum(n_items)::hugeint * sum(n_items)::hugeint - sum(n_items * n_items))::double / 2 as n_pairs
    from per_account
    group by group_id, list_kind
    having sum(n_items) >= $min_items_per_account * count(*)
),
-- Without numbers the length L of the list follows from d seen tasks in n draws: d = L (1 - exp(-n / L)), by four steps from L = d on.
estimated as (
    select
        l.*,
        l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen / nullif(1 - exp(-l.n_draws
            / nullif(l.n_seen / nullif(1 - exp(-l.n_draws / nullif(l.n_seen, 0)), 0), 0)), 0), 0)), 0), 0)), 0) as estimated_length
    from lists as l
),
judged as (
    select
        e.group_id,
        e.list_kind,
        e.n_seen,
        e.n_meetings,
        t.n_accounts,
        t.n_exchanges,
        n.n_tenants,
        case when e.list_kind = 'prompts' then e.estimated_length else e.range_length end as n_items,
        t.n_pairs / nullif(case when e.list_kind = 'prompts' then e.estimated_length else e.range_length end, 0) as n_expected
    from estimated as e
    join totals as t on t.group_id = e.group_id and t.list_kind = e.list_kind
    join tenants as n on n.group_id = e.group_id
),
chosen as (
    select *
    from judged
    where n_expected >= $min_expected
    qualify row_number() over (partition by group_id order by round(n_meetings / nullif(n_expected, 0), 6), list_kind) = 1
)
select
    group_id as entity_id,
    round((n_meetings + $z * sqrt(n_meetings)) / nullif(n_expected, 0), 6) <= $max_ratio as is_fired,
    round(n_meetings / nullif(n_expected, 0), 6) as value,
    1.0::double as baseline,
    $max_ratio::double as threshold,
    n_exchanges,
    n_accounts,
    list_kind,
    round(n_items)::bigint as n_items,
    n_seen as n_items_seen,
    n_meetings,
    round(n_expected, 3) as n_meetings_expected,
    round(greatest(0, n_expected - $z * sqrt(n_expected)), 3) as expected_low,
    round(n_expected + $z * sqrt(n_expected), 3) as expected_high,
    n_tenants
from chosen
order by entity_id
