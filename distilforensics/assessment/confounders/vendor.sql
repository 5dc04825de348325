/*---
id = "confounder.vendor"
title = "A vendor that works with its customers' accounts"
question = "Do the accounts belong to independent customers of one program that calls for them?"
reads = ["candidate_members", "candidate_exchanges", "account_profiles"]
params.min_payer_share = "most"
params.max_signup_share = "popular_share"
params.min_known_share = "half"
references = ["enrichment services and agent products that call with their customers' keys"]
version = 3
---*/
with members as (
    select m.candidate_id, m.account_id, p.payment_fingerprint, p.created_at::date as signed_up_on
    from candidate_members as m
    left join account_profiles as p on p.account_id = m.account_id
),
sizes as (
    select
        candidate_id,
        count(*) as n_accounts,
        count(payment_fingerprint) as n_paid,
        count(distinct payment_fingerprint) as n_payers,
        count(signed_up_on) as n_signed_up
    from members
    group by candidate_id
),
days as (
    select candidate_id, max(n) as n_largest
    from (select candidate_id, signed_up_on, count(*) as n from members where signed_up_on is not null group by candidate_id, signed_up_on)
    group by candidate_id
),
totals as (
    select candidate_id, count(*) as n_exchanges from candidate_exchanges group by candidate_id
),
measured as (
    select
        s.candidate_id,
        s.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        case when s.n_paid >= $min_known_share * s.n_accounts then s.n_payers / s.n_paid end as payer_share,
        case when s.n_signed_up >= $min_known_share * s.n_accounts then d.n_largest / s.n_signed_up end as signup_share
    from sizes as s
    left join days as d on d.candidate_id = s.candidate_id
    left join totals as t on t.candidate_id = s.candidate_id
),
judged as (
    select *, payer_share >= $min_payer_share and signup_share <= $max_signup_share as is_partly from measured
)
select
    candidate_id,
    case when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(payer_share, 6) as value,
    $min_payer_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_partly then 'The group is consistent with independent customers of one vendor that calls for them: '
            when not is_partly then 'The accounts are not those of independent customers: '
            else 'Whether the accounts belong to independent customers of one vendor cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} payment methods per 100 accounts', 100 * payer_share), case when is_partly is null then 'payment methods are not known' end),
                coalesce(format('at most {:.1f} % signed up on one day', 100 * signup_share), case when is_partly is null then 'sign-ups are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
