/*---
title = "The shared values with the weight of an agreement on each"
reads = ["account_attributes", "comparisons", "customers", "link_thresholds"]
driver = "the limit of pairs is spent over all values in one order"
---*/
-- u is the chance that an account has the value, estimated from pairs of different customers: sqrt(pairs of different tenants that share it
-- / all pairs of different customers). Accounts of unknown customers are customers of their own. At least one account in the log has it.
with units as (
    select account_id, named_customer as unit from customers
),
unit_sizes as (
    select count(*) as n from units group by unit
),
population as (
    select sum(n)::bigint as n_accounts, (sum(n) ** 2 - sum(n * n))::double as n_cross_pairs from unit_sizes
),
shares as (
    select a.attribute, a.value, count(*) as n
    from account_attributes as a
    join units on units.account_id = a.account_id
    group by a.attribute, a.value, units.unit
),
counted as (
    select attribute, value, sum(n)::bigint as n_accounts, (sum(n) ** 2 - sum(n * n))::double as n_cross_pairs
    from shares
    group by attribute, value
    having sum(n) >= 2
),
weighed as (
    select
        counted.attribute,
        counted.value,
        counted.n_accounts,
        comparisons.family_no,
        comparisons.pairs,
        floor(1000 * log2(comparisons.m / greatest(
            1 / population.n_accounts,
            case
                when population.n_cross_pairs > 0 then sqrt(counted.n_cross_pairs / population.n_cross_pairs)
                else counted.n_accounts / population.n_accounts
            end)))::bigint + comparisons.window_millibits as millibits,
        floor(1000 * log2(comparisons.m * population.n_accounts))::bigint + comparisons.window_millibits as most_millibits
    from counted
    join comparisons on comparisons.attribute = counted.attribute
    cross join population
),
-- Rare values come first, and of accounts with many values those beyond the first wait: a few accounts that share thousands of values
-- use up the budget for themselves and not for others.
turns as (
    select
        w.attribute,
        w.value,
        row_number() over (partition by w.attribute, a.account_id order by w.n_accounts, w.value) as turn
    from account_attributes as a
    join weighed as w on w.attribute = a.attribute and w.value = a.value
    where w.millibits > 0
),
latest_turns as (
    select attribute, value, max(turn) as turn from turns group by attribute, value
),
budgeted as (
    select
        weighed.*,
        sum(case when millibits > 0 then n_accounts * (n_accounts - 1) // 2 else 0 end) over (
            partition by weighed.attribute order by n_accounts * turn, n_accounts, weighed.value rows unbounded preceding
        ) <= (select max_pairs_per_attribute from link_thresholds) as is_in_budget
    from weighed
    left join latest_turns on latest_turns.attribute = weighed.attribute and latest_turns.value = weighed.value
)
-- How agreements on the value are found: it makes pairs; it is joined like those that do, but only for their pairs; it is looked up for each
-- of their pairs, because it is common or (capped) beyond the limit; or it weighs nothing and is not compared.
select
    row_number() over (order by attribute, value) as value_no,
    attribute,
    value,
    n_accounts,
    family_no,
    millibits,
    most_millibits,
    case
        when millibits <= 0 then 'none'
        when pairs and is_in_budget then 'pairs'
        when pairs then 'capped'
        when not pairs and is_in_budget then 'join'
        else 'lookup'
    end as route
from budgeted
order by value_no
