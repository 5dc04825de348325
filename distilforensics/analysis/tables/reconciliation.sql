/*---
title = "What usage exports state beside what the log holds, per key, model and period"
reads = ["exchanges", "duplicates", "usage_sums"]
driver = "sums of calls beside those of a bill"
params.tolerance = { default = 0.01, unit = "share", why = "bills round tokens to thousands; a hundredth is more than rounding" }
---*/
with series_of_files as (
    -- Of one program, sums per user and sums per team state the same calls twice.
    select
        source_sha256,
        coalesce(split_part(source_format, '/', 1), 'unknown format')
            || case when count(tenant_id) > 0 and count(account_id) = 0 and count(api_key_id) > 0 then ' per team' else '' end as series
    from usage_sums
    group by source_sha256, source_format
),
stated as (
    select
        s.series || case when coalesce(u.n_requests, u.input_tokens, u.output_tokens) is null then ' (costs)' else '' end as series,
        u.* exclude (period_start, period_end),
        case when u.period_end - u.period_start < interval 1 day then date_trunc('day', u.period_start) else u.period_start end as period_start,
        case when u.period_end - u.period_start < interval 1 day then date_trunc('day', u.period_start) + interval 1 day else u.period_end end as period_end,
        model_key(u.model) as model_key
    from usage_sums as u
    join series_of_files as s using (source_sha256)
    -- Exports of overlapping periods state a sum twice; within one file equal rows are several sums.
    qualify dense_rank() over (partition by u.source_format, u.row_sha256 order by u.source_sha256) = 1
),
calls as (
    select
        date_trunc('hour', e.started_at) as hour, e.api_key_id, e.account_id, e.project_id, e.tenant_id,
        coalesce(e.model_served, e.model_requested) as model, model_key(coalesce(e.model_served, e.model_requested)) as model_key,
        count(*) as n_requests, count(*) filter (e.status in ('error', 'limited', 'cancelled')) as n_failed,
        sum(e.input_tokens) as input_tokens, sum(e.output_tokens) as output_tokens,
        sum(try_cast(e.cost_usd as decimal(28, 9))) as cost_usd
    from exchanges as e
    anti join duplicates as d on d.record_id = e.record_id
    where e.started_at >= (select min(period_start) from stated) and e.started_at < (select max(period_end) from stated)
    group by all
),
log_window as (select min(started_at) as first_seen, max(started_at) as last_seen from exchanges where (select count(*) from stated) > 0),
-- Programs name keys and projects differently: the two columns that name most of the same are compared, and none if no value is the same.
stated_names as (
    unpivot (select series, api_key_id, account_id, project_id, tenant_id from stated)
    on api_key_id, account_id, project_id, tenant_id into name stated_in value value
),
logged_names as (
    select distinct logged_in, value
    from (unpivot (select api_key_id, account_id, project_id, tenant_id from calls) on api_key_id, account_id, project_id, tenant_id into name logged_in value value)
),
shared_names as (
    select n.series, n.stated_in, l.logged_in, count(*) as n_shared
    from stated_names as n
    join logged_names as l on l.value = n.value
    group by n.series, n.stated_in, l.logged_in
    qualify row_number() over (
        partition by n.series
        order by n_shared desc, n.stated_in <> l.logged_in, list_position(['api_key_id', 'account_id', 'project_id', 'tenant_id'], n.stated_in), l.logged_in
    ) = 1
),
compared as (
    select s.series, any_value(k.stated_in) as stated_in, any_value(k.logged_in) as logged_in, bool_or(s.model_key in (select model_key from calls)) as is_by_model
    from stated as s
    left join shared_names as k on k.series = s.series
    group by s.series
),
sums as (
    select
        s.series, s.period_start, s.period_end,
        case c.stated_in when 'api_key_id' then s.api_key_id when 'account_id' then s.account_id when 'project_id' then s.project_id when 'tenant_id' then s.tenant_id end as key,
        case when c.is_by_model then s.model_key end as model_key,
        case when c.is_by_model then min(s.model) end as model,
        sum(s.n_requests)::bigint as n_requests, sum(s.input_tokens)::bigint as input_tokens, sum(s.output_tokens)::bigint as output_tokens,
        sum(try_cast(s.cost_usd as decimal(28, 9)))::double as cost_usd
    from stated as s
    join compared as c on c.series = s.series
    group by s.series, s.period_start, s.period_end, key, s.model_key, c.is_by_model
),
stated_periods as (select distinct series, period_start, period_end from stated),
-- Days between the first and the last statement that the export says nothing of.
silent_days as (
    select distinct w.series, date_trunc('day', h.hour) as period_start, date_trunc('day', h.hour) + interval 1 day as period_end
    from (select series, min(period_start) as first_start, max(period_end) as last_end from stated_periods group by series) as w
    join (select distinct hour from calls) as h on h.hour >= w.first_start and h.hour < w.last_end
    anti join stated_periods as p on p.series = w.series and h.hour >= p.period_start and h.hour < p.period_end
),
periods as (from stated_periods union from silent_days),
logged as (
    select
        p.series, p.period_start, p.period_end,
        case c.logged_in when 'api_key_id' then l.api_key_id when 'account_id' then l.account_id when 'project_id' then l.project_id when 'tenant_id' then l.tenant_id end as key,
        case when c.is_by_model then l.model_key end as model_key,
        case when c.is_by_model then min(l.model) end as model,
        sum(l.n_requests)::bigint as n_requests, sum(l.n_failed)::bigint as n_failed,
        sum(l.input_tokens)::bigint as input_tokens, sum(l.output_tokens)::bigint as output_tokens, sum(l.cost_usd)::double as cost_usd
    from calls as l
    join periods as p on l.hour >= p.period_start and l.hour < p.period_end
    join compared as c on c.series = p.series
    group by p.series, p.period_start, p.period_end, key, l.model_key, c.is_by_model
),
beside as (
    select
        coalesce(s.series, l.series) as series,
        coalesce(s.period_start, l.period_start) as period_start, coalesce(s.period_end, l.period_end) as period_end,
        coalesce(s.key, l.key) as key, coalesce(s.model, l.model) as model, s.series is not null as is_stated,
        s.n_requests as stated_requests, coalesce(l.n_requests, 0) as log_requests, coalesce(l.n_failed, 0) as log_failed,
        s.input_tokens as stated_input_tokens, l.input_tokens as log_input_tokens,
        s.output_tokens as stated_output_tokens, l.output_tokens as log_output_tokens,
        s.cost_usd as stated_cost_usd, l.cost_usd as log_cost_usd
    from sums as s
    full join logged as l
        on l.series = s.series and l.period_start = s.period_start and l.period_end = s.period_end
        and coalesce(l.key, '') = coalesce(s.key, '') and coalesce(l.model_key, '') = coalesce(s.model_key, '')
),
judged as (
    select
        b.*, c.logged_in as key_column, c.is_by_model,
        case
            when b.period_end <= w.first_seen or b.period_start > w.last_seen then 'outside'
            when b.period_start + interval 1 hour <= w.first_seen or b.period_end - interval 1 hour > w.last_seen then 'edge'
            else 'inside' end as coverage,
        case when b.stated_requests is not null then greatest(b.stated_requests - b.log_requests, 0) end as n_missing,
        case when b.stated_requests is not null or not b.is_stated then greatest(b.log_requests - b.log_failed - coalesce(b.stated_requests, 0), 0) end as n_more,
        abs(coalesce(b.stated_input_tokens, b.log_input_tokens) - b.log_input_tokens) > $tolerance * b.stated_input_tokens
            or abs(coalesce(b.stated_output_tokens, b.log_output_tokens) - b.log_output_tokens) > $tolerance * b.stated_output_tokens as has_other_tokens,
        abs(b.stated_cost_usd - b.log_cost_usd) > $tolerance * abs(b.stated_cost_usd) as has_other_cost
    from beside as b
    join compared as c on c.series = b.series
    cross join log_window as w
)
select
    series, period_start, period_end, key_column, key, is_by_model, model, coverage,
    case
        when coverage = 'outside' then 'outside of the log'
        when not is_stated then 'only in the log'
        when log_requests = 0 and coalesce(nullif(stated_requests, 0), nullif(stated_output_tokens, 0), nullif(stated_input_tokens, 0), nullif(stated_cost_usd, 0)) is not null
            then 'only in the export'
        when n_missing > 0 then 'fewer in the log'
        when n_more > 0 then 'more in the log'
        when has_other_tokens then 'other tokens'
        when stated_requests is not null then 'equal'
        when coalesce(stated_input_tokens, stated_output_tokens) is not null and coalesce(log_input_tokens, log_output_tokens) is not null then 'equal'
        when coalesce(stated_input_tokens, stated_output_tokens) is null and has_other_cost then 'other cost'
        when coalesce(stated_input_tokens, stated_output_tokens) is null and has_other_cost is not null then 'equal'
        else 'cannot tell'
    end as verdict,
    stated_requests, log_requests, log_failed, n_missing, n_more,
    stated_input_tokens, log_input_tokens, stated_output_tokens, log_output_tokens, stated_cost_usd, log_cost_usd
from judged
order by series, period_start, period_end, key nulls first, model nulls first
