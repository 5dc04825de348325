/*---
id = "confounder.batch_job"
title = "A batch job of one customer: translation, classification, retrieval"
question = "Does one customer run one template over its own documents for short answers?"
priority = 6
reads = ["candidate_tenancy", "candidate_features"]
params.min_tenant_share = { default = 0.8, unit = "share of the members", why = "a job has one owner" }
params.min_template_share = { default = 0.8, unit = "share of exchanges", why = "a job has one frame" }
params.max_output_ratio = { default = 0.5, unit = "output tokens / input tokens", why = "labels and retrieval answers are far shorter than what is read, translations at most as long; harvested answers are longer than their questions" }
references = ["classification, translation and retrieval backfills"]
version = 3
---*/
with frames as (
    select candidate_id, template_id, count(*) as n
    from (
        select candidate_id, unnest([system_template, prefix_template, suffix_template, near_template, passage_template]) as template_id from candidate_features
    )
    where template_id is not null
    group by candidate_id, template_id
),
largest as (
    select candidate_id, max(n) as n from frames group by candidate_id
),
totals as (
    select
        candidate_id,
        count(*) as n_exchanges,
        sum(output_tokens) filter (where input_tokens is not null and output_tokens is not null) / nullif(sum(input_tokens) filter (where output_tokens is not null), 0) as output_ratio
    from candidate_features
    group by candidate_id
),
judged as (
    select
        t.candidate_id,
        t.n_accounts,
        t.largest_share,
        t.told_by,
        coalesce(s.n_exchanges, 0) as n_exchanges,
        l.n / s.n_exchanges as template_share,
        s.output_ratio,
        t.largest_share >= $min_tenant_share and l.n / s.n_exchanges >= $min_template_share and s.output_ratio <= $max_output_ratio as is_explained
    from candidate_tenancy as t
    left join totals as s on s.candidate_id = t.candidate_id
    left join largest as l on l.candidate_id = t.candidate_id
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(output_ratio, 6) as value,
    $max_output_ratio::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with a batch job of one customer: '
            when not is_explained then 'The group is not a batch job of one customer: '
            else 'Whether the group is a batch job of one customer cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('the largest customer by {} holds {:.1f} % of the accounts', told_by, 100 * largest_share), case when is_explained is null then 'customers are not known' end),
                coalesce(format('{:.1f} % of the requests carry one text template', 100 * template_share), case when is_explained is null then 'texts are not known' end),
                coalesce(format('{:.2f} output tokens were bought per input token', output_ratio), case when is_explained is null then 'tokens are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
