with pairs as (
    select a.campaign_id, l.account_a, l.account_b, unnest(l.attributes) as shared
    from links as l
    join accounts as a on a.account_id = l.account_a
    join accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
),
ends as (
    select campaign_id, shared, account_a as account_id from pairs where shared.value is not null and shared.weight > 0
    union all
    select campaign_id, shared, account_b from pairs where shared.value is not null and shared.weight > 0
),
counted as (
    select
        campaign_id, shared.attribute as attribute, shared.value as value, count(distinct account_id) as n_members,
        (count(*) / 2)::bigint as n_pairs, max(shared.n_accounts) as n_accounts_in_log, round(max(shared.weight), 2) as weight,
        (sum(shared.weight::decimal(18, 4)) / 2)::double as sum_of_weights
    from ends group by campaign_id, shared.attribute, shared.value
),
placed as (
    select
        *, row_number() over (partition by campaign_id order by sum_of_weights desc, n_members desc, attribute, value) as place,
        count(*) over (partition by campaign_id) as n_values
    from counted
)
select * replace (round(sum_of_weights, 1) as sum_of_weights) from placed where place <= $n_shown order by campaign_id, place
