/*---
id = "confounder.product_default"
title = "The default of a popular product or a public prompt"
question = "Do many independent customers carry the templates because a product or a public page gave them the text?"
reads = ["candidate_carriers", "candidate_features", "candidate_templates", "candidate_tenancy", "account_profiles"]
params.min_account_share = { default = 0.01, unit = "share of all accounts of the log", why = "popular things are used by many; below a hundredth of all accounts a text is not popular in this log" }
params.max_typical_share = { default = 0.7, unit = "share of exchanges", why = "exchanges from accounts whose daily load lies within a factor of two of the typical one: about 0.4 to 0.5 for independent customers (log-normal loads with a spread of 1 to 1.25), 0.85 and more behind a scheduler" }
params.max_doubtful_share = { default = 0.85, unit = "share of exchanges", why = "between the two, loads are those of a small or an even group of customers or of a pool with unequal loads: the explanation holds in part" }
params.min_customer_share = "half"
params.min_text_share = "half"
params.min_text_accounts = "popular_share"
references = ["agent products send one system prompt from a third of all accounts of a log"]
version = 5
---*/
with population as (
    select count(*) as n from account_profiles
),
carriers as (
    select
        candidate_id,
        account_id,
        n_exchanges,
        n_exchanges / n_days as rate,
        sum(n_exchanges) over (partition by candidate_id order by n_exchanges / n_days, account_id rows unbounded preceding) as n_up_to,
        sum(n_exchanges) over (partition by candidate_id) as n_all
    from candidate_carriers
),
-- The typical load is that of the account which sends the middle exchange, so that many occasional users do not set it.
typical as (
    select candidate_id, min(rate) as rate from carriers where 2 * n_up_to >= n_all group by candidate_id
),
loads as (
    select
        c.candidate_id,
        count(*) as n_carriers,
        sum(c.n_exchanges) filter (where c.rate between t.rate / 2 and t.rate * 2) / sum(c.n_exchanges) as typical_share
    from carriers as c
    join typical as t on t.candidate_id = c.candidate_id
    group by c.candidate_id
),
sizes as (
    select candidate_id, count(*) as n_exchanges, count(distinct account_id) as n_senders from candidate_features group by candidate_id
),
reworded as (
    select distinct candidate_id from candidate_templates where starts_with(template_id, 'near:')
),
texts as (
    select
        candidate_id,
        record_id,
        account_id,
        unnest([system_template, prefix_template, suffix_template, passage_template]) as template_id
    from candidate_features
    semi join reworded using (candidate_id)
),
common_texts as (
    select t.candidate_id, t.template_id
    from texts as t
    join sizes as s on s.candidate_id = t.candidate_id
    where t.template_id is not null
    group by t.candidate_id, t.template_id
    having count(distinct t.account_id) >= $min_text_accounts * min(s.n_senders)
),
with_common_text as (
    select t.candidate_id, count(distinct t.record_id) as n
    from texts as t
    semi join common_texts as c on c.candidate_id = t.candidate_id and c.template_id = t.template_id
    group by t.candidate_id
),
measured as (
    select
        t.candidate_id,
        t.n_accounts,
        coalesce(s.n_exchanges, 0) as n_exchanges,
        l.n_carriers,
        l.n_carriers / p.n as account_share,
        l.typical_share,
        case when t.largest_share is not null then t.n_customers / t.n_known end as customer_share,
        t.told_by,
        case when r.candidate_id is not null then coalesce(w.n, 0) / s.n_exchanges end as text_share
    from candidate_tenancy as t
    cross join population as p
    left join loads as l on l.candidate_id = t.candidate_id
    left join sizes as s on s.candidate_id = t.candidate_id
    left join reworded as r on r.candidate_id = t.candidate_id
    left join with_common_text as w on w.candidate_id = t.candidate_id
),
judged as (
    select
        *,
        account_share >= $min_account_share
        and typical_share < $max_typical_share
        and customer_share >= $min_customer_share
        and coalesce(text_share >= $min_text_share, true) as is_explained,
        account_share >= $min_account_share
        and typical_share < $max_doubtful_share
        and customer_share >= $min_customer_share
        and coalesce(text_share >= $min_text_share, true) as is_partly
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(typical_share, 6) as value,
    $max_typical_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with the default of a product or a public prompt: '
            when is_partly then 'The group is in part consistent with the default of a product or a public prompt: '
            when not is_partly then 'The group is not that of a popular product or public prompt: '
            else 'Whether the group is that of a popular product or public prompt cannot be settled: '
        end,
        format(
            '{} accounts ({:.1f} % of the log) carry it, and {:.1f} % of its requests come from accounts whose daily load is within a factor of two of the typical one',
            n_carriers, 100 * account_share, 100 * typical_share),
        coalesce(format('; there are {:.2f} customers by {} per account', customer_share, told_by), case when is_partly is null then '; customers are not known' else '' end),
        coalesce(format('; {:.1f} % of the requests, whose frame is reworded, carry an exact text that many of the accounts have', 100 * text_share), ''),
        '.') as statement
from judged
order by candidate_id
