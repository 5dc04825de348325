/*---
id = "confounder.evaluation_run"
title = "An evaluation or benchmark run"
question = "Does one party put benchmark questions, or questions at temperature 0, for a few days?"
reads = ["candidate_tenancy", "candidate_features", "templates"]
params.min_vocabulary_share = "half"
params.min_zero_share = "most"
params.max_days = "week"
params.min_party_share = "most"
params.vocabulary = { default = "multiple choice question|answer with (only )?(the )?(letter|option)|choose the (correct|best) (answer|option)|select the correct (answer|option)|complete the following (python )?(function|code)|solve the following (math )?problem|final answer|the answer is|you are a fair judge assistant|###task description", unit = "RE2 pattern on lower-case template texts", why = "frames of public evaluation harnesses" }
references = ["prompt frames of public evaluation harnesses", "large evaluation runs look like harvests in access logs"]
version = 3
---*/
with vocabulary as (
    select template_id from templates where regexp_matches(lower(template_text), $vocabulary)
),
readable as (
    select template_id from templates where kind in ('system', 'prefix', 'suffix') and template_text is not null
),
marked as (
    select
        e.candidate_id,
        count(*) as n_exchanges,
        count(distinct e.started_at::date) as n_days,
        count(*) filter (where e.temperature is not null) as n_with_temperature,
        count(*) filter (where e.temperature = 0) as n_zero,
        count(e.ip_prefix) as n_with_network,
        count(*) filter (
            where e.system_template in (from readable) or e.prefix_template in (from readable) or e.suffix_template in (from readable)) as n_readable,
        count(*) filter (
            where e.system_template in (from vocabulary) or e.prefix_template in (from vocabulary) or e.suffix_template in (from vocabulary)) as n_vocabulary
    from candidate_features as e
    group by e.candidate_id
),
networks as (
    select candidate_id, max(n) as n_largest
    from (select candidate_id, ip_prefix, count(*) as n from candidate_features where ip_prefix is not null group by candidate_id, ip_prefix)
    group by candidate_id
),
measured as (
    select
        t.candidate_id,
        t.n_accounts,
        t.largest_share,
        t.told_by,
        coalesce(m.n_exchanges, 0) as n_exchanges,
        m.n_days,
        case when m.n_readable > 0 then m.n_vocabulary / m.n_exchanges end as vocabulary_share,
        case when m.n_with_temperature >= 0.5 * m.n_exchanges then m.n_zero / m.n_with_temperature end as zero_share,
        case when m.n_with_network >= 0.5 * m.n_exchanges then n.n_largest / m.n_with_network end as network_share
    from candidate_tenancy as t
    left join marked as m on m.candidate_id = t.candidate_id
    left join networks as n on n.candidate_id = t.candidate_id
),
judged as (
    select
        *,
        (vocabulary_share >= $min_vocabulary_share or zero_share >= $min_zero_share)
            and n_days <= $max_days
            and (largest_share >= $min_party_share or network_share >= $min_party_share) as is_explained
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(greatest(vocabulary_share, zero_share), 6) as value,
    $min_vocabulary_share::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained then 'The group is consistent with an evaluation run of one party: '
            when not is_explained then 'The group is not an evaluation run of one party: '
            else 'Whether the group is an evaluation run cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} % of its requests carry the frame of a benchmark', 100 * vocabulary_share), case when is_explained is null then 'texts are not known' end),
                coalesce(format('{:.1f} % have temperature 0', 100 * zero_share), case when is_explained is null then 'temperatures are not known' end),
                coalesce(format('it is active on {} days', n_days), case when is_explained is null then 'days are not known' end),
                coalesce(format('the largest customer by {} holds {:.1f} % of the accounts', told_by, 100 * largest_share), case when is_explained is null then 'customers are not known' end),
                coalesce(format('the largest network sends {:.1f} % of the requests', 100 * network_share), case when is_explained is null then 'addresses are not known' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
