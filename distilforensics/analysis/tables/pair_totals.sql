/*---
title = "Total weight of every pair: the heaviest attribute of each family, less what speaks against"
reads = ["pair_attributes", "account_numbers", "comparisons", "link_thresholds"]
driver = "pairs of accounts, within the limit of pairs"
---*/
with counted as (
    select a, b, family_no, max(millibits) as millibits
    from pair_attributes
    where millibits > 0
    group by a, b, family_no
),
sums as (
    select
        a,
        b,
        sum(millibits)::bigint as millibits,
        (count(*) filter (where millibits >= (select rare_millibits from link_thresholds)))::integer as n_attributes,
        coalesce(bit_or(1::bigint << family_no) filter (where millibits >= (select rare_millibits from link_thresholds)), 0) as families
    from counted
    group by a, b
    having sum(millibits) >= (select keep_millibits from link_thresholds)
),
disagreements as (
    select
        coalesce(max(millibits_against) filter (where attribute = 'payment'), 0) as payment,
        coalesce(max(millibits_against) filter (where attribute = 'email_domain'), 0) as email_domain
    from comparisons
),
with_disagreements as (
    select
        s.a,
        s.b,
        s.millibits,
        s.n_attributes,
        s.families,
        case when x.payment_fingerprint <> y.payment_fingerprint then d.payment else 0 end as payment_against,
        case when x.email_domain <> y.email_domain then d.email_domain else 0 end as email_domain_against,
        case when x.tenant_id = y.tenant_id then x.tenant_id end as tenant_id
    from sums as s
    join account_numbers as x on x.account_no = s.a
    join account_numbers as y on y.account_no = s.b
    cross join disagreements as d
)
select
    a,
    b,
    millibits - payment_against - email_domain_against as millibits,
    n_attributes,
    families,
    payment_against,
    email_domain_against,
    tenant_id
from with_disagreements
where millibits - payment_against - email_domain_against >= (select keep_millibits from link_thresholds)
order by a, b
