/*---
title = "The links as they are stored: the counted agreements add up to the weight"
reads = ["pair_totals", "pair_attributes", "account_numbers", "link_values"]
driver = "pairs of accounts, within the limit of pairs"
---*/
with counted as (
    select p.a, p.b, p.attribute, p.value_no, p.n_accounts, p.n_values, p.millibits
    from pair_attributes as p
    semi join pair_totals as t on t.a = p.a and t.b = p.b
    where p.millibits > 0
    qualify row_number() over (partition by p.a, p.b, p.family_no order by p.millibits desc, p.attribute) = 1
),
parts as (
    select c.a, c.b, c.attribute, v.value, c.n_accounts, c.millibits, c.n_values
    from counted as c
    join link_values as v on v.value_no = c.value_no
    union all
    select a, b, 'payment', null, null, -payment_against, null from pair_totals where payment_against > 0
    union all
    select a, b, 'email_domain', null, null, -email_domain_against, null from pair_totals where email_domain_against > 0
    union all
    select t.a, t.b, 'tenant', t.tenant_id, s.n, 0, null
    from pair_totals as t
    join (select tenant_id, count(*) as n from account_numbers group by tenant_id) as s on s.tenant_id = t.tenant_id
),
listed as (
    select
        a,
        b,
        list_transform(
            -- sorting short lists is four times as fast as an ordered aggregate
            list_sort(list({'rank': -millibits, 'attribute': attribute, 'value': value, 'n_accounts': n_accounts, 'n_values': n_values})),
            lambda x: {
                'attribute': x.attribute, 'value': x.value, 'n_accounts': x.n_accounts, 'weight': -x.rank / 1000, 'n_values': x.n_values
            }) as attributes
    from parts
    group by a, b
)
select
    x.account_id as account_a,
    y.account_id as account_b,
    t.millibits / 1000 as weight,
    t.n_attributes::bigint as n_attributes,
    listed.attributes
from pair_totals as t
join listed on listed.a = t.a and listed.b = t.b
join account_numbers as x on x.account_no = t.a
join account_numbers as y on y.account_no = t.b
order by account_a, account_b
