/*---
id = "confounder.reseller"
title = "A reseller with real end users"
question = "Do few accounts of one business carry the requests of many people who come back?"
priority = 7
reads = ["candidate_tenancy", "candidate_features"]
params.max_accounts = { default = 20, unit = "accounts", why = "a business needs few accounts; more than that are a business only if one tenant holds them" }
params.min_tenant_share = { default = 0.5, unit = "share of the members", why = "as above" }
params.min_end_users_per_account = { default = 5, unit = "end users per account", why = "a person's own account has one to three" }
params.min_returning_share = { default = 0.5, unit = "share of exchanges with an end user", why = "people come back; pool programs write a fresh end user into every request" }
references = ["relays and resellers that pass on end users; attribution belongs downstream"]
version = 2
---*/
with end_users as (
    select candidate_id, end_user_id, count(*) as n
    from candidate_features
    where end_user_id is not null
    group by candidate_id, end_user_id
),
end_user_totals as (
    select candidate_id, count(*) as n_end_users, sum(n) as n_with_end_user, coalesce(sum(n) filter (where n >= 2), 0) as n_returning
    from end_users
    group by candidate_id
),
sizes as (
    select candidate_id, count(*) as n_exchanges from candidate_features group by candidate_id
),
measured as (
    select
        t.candidate_id,
        t.n_accounts,
        t.largest_share,
        t.told_by,
        coalesce(s.n_exchanges, 0) as n_exchanges,
        case when u.n_with_end_user >= 0.5 * s.n_exchanges then u.n_end_users end as n_end_users,
        case when u.n_with_end_user >= 0.5 * s.n_exchanges then u.n_returning / u.n_with_end_user end as returning_share
    from candidate_tenancy as t
    left join sizes as s on s.candidate_id = t.candidate_id
    left join end_user_totals as u on u.candidate_id = t.candidate_id
),
judged as (
    select
        *,
        (n_accounts < $max_accounts or largest_share >= $min_tenant_share)
            and n_end_users >= $min_end_users_per_account * n_accounts
            and returning_share >= $min_returning_share as is_explained
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(n_end_users / n_accounts, 6) as value,
    $min_end_users_per_account::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with a reseller that passes on requests of real people: '
            when not is_explained then 'The group is not a reseller of one business: '
            else 'Whether the group is a reseller cannot be settled: '
        end,
        array_to_string(
            [
                format('it has {} accounts', n_accounts),
                coalesce(format('its largest customer by {} holds {:.1f} % of them', told_by, 100 * largest_share), case when is_explained is null then 'customers are not known' end),
                coalesce(
                    format('{} end users are named, and {:.1f} % of the requests come from those who return', n_end_users, 100 * returning_share),
                    case when is_explained is null then 'end users are not named' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
