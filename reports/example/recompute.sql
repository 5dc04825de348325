-- Computes every number of the report again from the tables of the case and compares it with the pages.
-- In the case folder, with the DuckDB shell: duckdb < report/recompute.sql
-- The numbers as printed are read from the pages themselves; an edited page is therefore told like an edited table.
set TimeZone = 'UTC';
set default_null_order = 'nulls_last';
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp table accounts_with_address as
select distinct account_id from exchange_features where client_ip is not null or ip_prefix is not null;
create or replace temp view campaign_evidence as from read_parquet(['findings/campaign_evidence.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp table campaign_exchanges as
with carried as (
    select distinct c.campaign_id, e.record_id
    from campaigns as c, unnest(c.templates) as own(template_id)
    join template_exchanges as e on e.template_id = own.template_id
)
select
    c.campaign_id, f.record_id, f.account_id, f.started_at, f.status, f.model, f.input_tokens, f.output_tokens, f.prompt_hash,
    f.response_chars, f.lexicon_marks,
    coalesce(len(c.templates), 0) = 0 or k.record_id is not null as is_own
from exchange_features as f
join accounts as a on a.account_id = f.account_id
join campaigns as c on c.campaign_id = a.campaign_id
left join carried as k on k.record_id = f.record_id and k.campaign_id = c.campaign_id;
create or replace temp view campaign_explanations as from read_parquet(['findings/campaign_explanations.parquet']);
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
create or replace temp view clusters as from read_parquet(['data/clusters.parquet']);
create or replace temp view duplicates as from read_parquet(['data/duplicates.parquet']);
create or replace temp view error_rates as from read_parquet(['findings/error_rates.parquet']);
create or replace temp view exchanges as from read_parquet(['data/exchanges/part-000000.parquet']);
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
create or replace temp view field_mappings as from read_parquet(['data/field_mappings.parquet']);
create or replace temp view group_loads as from read_parquet(['data/group_loads.parquet']);
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
create or replace temp table households as
with recursive ties as (
    select account_id, other_account_id from work_ties where relation <> 'same'
),
pairs as (
    select account_id, other_account_id from ties
    union
    select other_account_id, account_id from ties
    union
    select account_id, account_id from ties
    union
    select other_account_id, other_account_id from ties
),
labels as (
    select distinct account_id, account_id as label, 0 as round from pairs
    union all
    select p.account_id, min(l.label), l.round + 1
    from labels as l
    join pairs as p on p.other_account_id = l.account_id
    where l.round < 6
    group by p.account_id, l.round
),
settled as (
    select account_id, label from labels where round = 6
),
passed as (
    select s.label, count(*) as n_ties
    from ties as t
    join settled as s on s.account_id = t.account_id
    group by s.label
),
closed as (
    select a.label, count(distinct a.account_id) as n_accounts
    from settled as a
    join pairs as p on p.account_id = a.account_id
    join settled as b on b.account_id = p.other_account_id
    group by a.label
    having bool_and(a.label = b.label)
)
select s.account_id
from settled as s
join closed as c on c.label = s.label
join passed as p on p.label = s.label
where c.n_accounts <= 6 and p.n_ties >= c.n_accounts;
create or replace temp table handovers as
select
    a.campaign_id, t.record_id, t.account_id, e.started_at, e.status,
    t.other_record_id as next_record_id, t.other_account_id as next_account, n.started_at as next_started_at, n.status as next_status,
    t.delay_us, t.work, t.relation
from work_ties as t
join accounts as a on a.account_id = t.account_id
join exchange_features as e on e.record_id = t.record_id
join exchange_features as n on n.record_id = t.other_record_id
where t.kind = 'handover' and t.relation <> 'same' and (t.other_account_id, a.campaign_id) in (select (account_id, campaign_id) from accounts)
    and t.account_id not in (select account_id from households);
create or replace temp view health_checks as from read_parquet(['data/health_checks.parquet']);
create or replace temp view health_costs as from read_parquet(['data/health_costs.parquet']);
create or replace temp view heuristic_states as from read_parquet(['data/heuristic_states.parquet']);
create or replace temp view links as from read_parquet(['data/links.parquet']);
create or replace temp table log_sizes as
with log as (
    select count(*) as n_requests_log, count(distinct account_id) as n_accounts_log, sum(output_tokens)::bigint as output_log from exchange_features
),
outside as (
    select median(f.output_tokens) as median_output_rest
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    where a.campaign_id is null and f.status = 'ok' and f.output_tokens > 0
)
select * from log, outside;
create or replace temp table outside_handovers as
with outside as (
    select account_id from accounts where campaign_id is null and grade is null
),
others as (
    select count(*) as n_failed_others
    from exchange_features as f
    join outside as o on o.account_id = f.account_id
    where f.status in ('limited', 'error', 'blocked')
),
others_moved as (
    select count(distinct work) as n_moved_others
    from work_ties
    where kind = 'handover' and relation <> 'same' and account_id in (select account_id from outside)
        and other_account_id in (select account_id from outside)
        and account_id not in (select account_id from households)
)
select * from others, others_moved;
create or replace temp view quarantine as from read_parquet(['data/quarantine.parquet']);
create or replace temp view reconciliation_totals as from read_parquet(['data/reconciliation_totals.parquet']);
create or replace temp table repeats as
with popular as (
    select prompt_hash from exchange_features where prompt_hash is not null group by prompt_hash having count(distinct account_id) > 6
),
followed as (
    select
        record_id, account_id, status,
        lead(account_id) over again as next_account,
        epoch_us(lead(started_at) over again) - epoch_us(started_at) as delay_us
    from exchange_features
    where prompt_hash is not null and prompt_hash not in (select prompt_hash from popular)
    window again as (partition by prompt_hash order by started_at, record_id)
)
select * from followed where delay_us <= 3600000000;
create or replace temp view shared_values as from read_parquet(['data/shared_values.parquet']);
create or replace temp view sources as from read_parquet(['data/sources.parquet']);
create or replace temp table successions as
select
    campaign_id, record_id, account_id, started_at, status,
    lead(record_id) over turn as next_record_id,
    lead(account_id) over turn as next_account,
    lead(started_at) over turn as next_started_at,
    lead(status) over turn as next_status,
    epoch_us(lead(started_at) over turn) - epoch_us(started_at) as delay_us,
    coalesce(lead(account_id) over turn <> account_id and epoch_us(lead(started_at) over turn) - epoch_us(started_at) <= 15000000, false) as is_moved
from campaign_exchanges
where is_own
window turn as (partition by campaign_id order by started_at, record_id);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp view tie_groups as from read_parquet(['data/tie_groups.parquet']);
create or replace temp table recomputed (name varchar, value varchar);

-- campaigns: Campaigns, strongest first
create or replace temp table block as select row_number() over () as row_place, * from (
select
    campaign_id, grade, n_accounts, n_exchanges as n_requests, output_tokens, grade_reason,
    date_trunc('second', first_seen) as first_seen, date_trunc('second', last_seen) as last_seen,
    array_to_string(facts, ', ') as facts
from campaigns
order by list_position(['strong', 'moderate', 'weak'], grade), campaign_id
);
insert into recomputed
select 'campaigns.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- log_totals: Size, window and balance of the log
create or replace temp table block as select row_number() over () as row_place, * from (
with kept as (
    select
        count(*) as n_requests, count(distinct account_id) as n_accounts, count(distinct tenant_id) as n_tenants,
        date_trunc('second', min(started_at)) as first_seen, date_trunc('second', max(started_at)) as last_seen,
        count(distinct started_at::date) as n_days,
        date_diff('hour', date_trunc('hour', min(started_at)), date_trunc('hour', max(started_at))) + 1
            - count(distinct date_trunc('hour', started_at)) as n_silent_hours,
        max(time_resolution_us) as coarsest_us
    from exchange_features
),
read as (
    select
        count(*) filter (role = 'log') as n_files,
        count(*) filter (role = 'accounts_directory') as n_directories,
        count(*) filter (role = 'refused') as n_refused,
        sum(n_read) filter (role = 'log')::bigint as n_read,
        sum(n_kept) filter (role = 'log')::bigint as n_kept,
        sum(n_quarantined) filter (role = 'log')::bigint as n_quarantined,
        sum(n_duplicate) filter (role = 'log')::bigint as n_duplicate,
        sum(n_out_of_scope) filter (role = 'log')::bigint as n_out_of_scope
    from sources
),
rows as (
    select
        (select count(*) from exchanges) - (select count(*) from duplicates) as n_kept_rows,
        (select count(*) from quarantine) as n_quarantined_rows,
        (select count(*) from duplicates) as n_duplicate_rows
)
select * from kept, read, rows
);
insert into recomputed
select 'log_totals.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- sources: Input files as received

-- log_sources: Input files by format
create or replace temp table block as select row_number() over () as row_place, * from (
select
    role, coalesce(format, 'none') as format, count(*) as n_files, sum(n_bytes)::bigint as n_bytes,
    sum(n_read)::bigint as n_read, sum(n_kept)::bigint as n_kept, sum(n_quarantined)::bigint as n_quarantined,
    date_trunc('second', min(first_started_at)) as first_seen, date_trunc('second', max(last_started_at)) as last_seen
from sources
group by role, format
order by list_position(['log', 'accounts_directory'], role) nulls last, n_files desc, role, format
limit 8
);
insert into recomputed
select 'log_sources.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- log_gaps: Longest times without any request, in whole hours
create or replace temp table block as select row_number() over () as row_place, * from (
with hours as (select distinct date_trunc('hour', started_at) as hour from exchange_features),
gaps as (select hour as last_hour, lead(hour) over (order by hour) as next_hour from hours)
select last_hour + interval 1 hour as silent_from, next_hour as silent_until, date_diff('hour', last_hour, next_hour) - 1 as n_hours
from gaps
where date_diff('hour', last_hour, next_hour) > 1
order by n_hours desc, silent_from
limit 3
);
insert into recomputed
select 'log_gaps.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- log_columns: How many records carry each column
create or replace temp table block as select row_number() over () as row_place, * from (
with counted as (
    select
        count(account_id) as account, count(started_at) as "time", count(tenant_id) as tenant, count(end_user_id) as "end user",
        count(session_id) as session, count(client_ip) as "address", count(user_agent) as program, count(ja4) as "TLS fingerprint",
        count(coalesce(model_served, model_requested)) as model, count(temperature) as temperature, count(tools_sha256) as tools,
        count(output_tokens) as tokens, count(status) as status, count(finish_reason) as "finish reason", count(latency_ms) as duration,
        count(prompt_text) as prompt, count(response_text) as answer, count(prompt_sha256) as "prompt hash",
        count(reasoning_signature_sha256) as "reasoning signature"
    from exchanges
)
select name, n_filled, (select count(*) from exchanges) as n_records
from (unpivot counted on columns(*) into name name value n_filled)
order by n_filled desc, name
);
insert into recomputed
select 'log_columns.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- quarantined: Records that could not be read, by reason, with the place of one
create or replace temp table block as select row_number() over () as row_place, * from (
with numbered as (
    select *, row_number() over (partition by reason order by source_line, source_sha256, sub_index) as place, count(*) over (partition by reason) as n_records
    from quarantine
)
select reason, n_records, source_sha256, source_line, detail
from numbered
where place = 1
order by n_records desc, reason
);
insert into recomputed
select 'quarantined.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- texts: Whether the log carries prompts and answers
create or replace temp table block as select row_number() over () as row_place, * from (
select
    count(*) as n_records, count(prompt_text) as n_prompts, count(response_text) as n_answers,
    count(prompt_sha256) as n_hashes, count(output_tokens) as n_tokens
from exchanges
);
insert into recomputed
select 'texts.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- test_counts: Tests by what they could say about this log
create or replace temp table block as select row_number() over () as row_place, * from (
select
    count(*) as n_tests,
    count(*) filter (state = 'fired') as n_fired,
    count(*) filter (state = 'silent') as n_silent,
    count(*) filter (state = 'inconclusive') as n_small,
    count(*) filter (state = 'not_evaluated') as n_missing
from heuristic_states
);
insert into recomputed
select 'test_counts.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- groups_examined: Groups of accounts that were compared, by size
create or replace temp table block as select row_number() over () as row_place, * from (
with sizes as (
    select n_accounts from templates
    union all
    select n_accounts from clusters
)
select count(*) filter (n_accounts >= 10) as n_groups, count(*) filter (n_accounts >= 20) as n_large
from sizes
);
insert into recomputed
select 'groups_examined.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- log_days: Requests and accounts per day of the log
create or replace temp table block as select row_number() over () as row_place, * from (
select started_at::date as day, count(*) as n_requests, count(distinct account_id) as n_accounts
from exchange_features
group by day
order by day
);
insert into recomputed
select 'log_days.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- health: What is wrong with the log, and what it costs
create or replace temp table block as select row_number() over () as row_place, * from (
with costs as (
    select check_id, part, count(*) filter (effect = 'is switched off') as n_off, count(*) filter (effect <> 'is switched off') as n_less
    from health_costs
    group by check_id, part
)
select
    h.title, h.part, h.n_affected, h.n_checked, (100 * h.n_affected / h.n_checked)::bigint as affected_percent, coalesce(h.detail, '') as detail,
    coalesce(c.n_off, 0) as n_off, coalesce(c.n_less, 0) as n_less, array_to_string(h.facts, ', ') as facts, h.costs,
    count(*) over () as n_found, (select count(*) from health_checks) as n_all
from health_checks as h
left join costs as c on c.check_id = h.check_id and c.part = h.part
-- Missing columns stand in a sentence of their own, beside the tests that need them.
where h.verdict = 'costs' and h.check_id <> 'missing_columns'
order by n_off desc, n_less desc, h.check_id, h.part
);
insert into recomputed
select 'health.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- health_all: State of the log, every check

-- usage_totals: Usage exports beside the log
create or replace temp table block as select row_number() over () as row_place, * from (
select
    series, period_start::date as first_day, (period_end - interval 1 microsecond)::date as last_day, n_sums, n_different, n_sums - n_open - n_outside as n_compared,
    stated_requests, log_requests, n_missing, n_missing_at_edge, n_more, n_outside, coalesce(key_column, '') as key_column, is_by_model
from reconciliation_totals
order by series
);
insert into recomputed
select 'usage_totals.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- campaign_totals: Campaigns and their accounts, together
create or replace temp table block as select row_number() over () as row_place, * from (
select
    (select count(*) from campaigns) as n_campaigns,
    count(*) filter (campaign_id is not null) as n_members,
    count(*) as n_accounts
from accounts
);
insert into recomputed
select 'campaign_totals.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- answer.C-01: Size of a campaign and its part of the log
create or replace temp table block as select row_number() over () as row_place, * from (
with members as (
    select count(*) as n_accounts, count(*) filter (n_campaign_exchanges = 0) as n_silent from accounts where campaign_id = 'C-01'
),
own as (
    select
        count(*) as n_requests,
        count(*) filter (status = 'ok') as n_answered,
        count(distinct account_id) as n_senders,
        sum(output_tokens)::bigint as output_tokens,
        date_trunc('second', min(started_at)) as first_seen,
        date_trunc('second', max(started_at)) as last_seen,
        count(distinct started_at::date) as n_days,
        count(prompt_hash) as n_with_prompt,
        count(distinct prompt_hash) as n_distinct_prompts,
        median(output_tokens) filter (status = 'ok' and output_tokens > 0) as median_output
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own
),
other as (
    select count(*) as n_other_requests from campaign_exchanges where campaign_id = 'C-01' and not is_own
)
select
    members.*, own.*, other.*, log.*,
    round(100 * own.n_requests / log.n_requests_log, case when 10 * own.n_requests < log.n_requests_log then 1 else 0 end) as requests_percent,
    round(100 * members.n_accounts / log.n_accounts_log, case when 10 * members.n_accounts < log.n_accounts_log then 1 else 0 end) as accounts_percent,
    round(100 * own.output_tokens / log.output_log, case when 10 * own.output_tokens < log.output_log then 1 else 0 end) as output_percent,
    floor(100 * own.n_distinct_prompts / nullif(own.n_with_prompt, 0)) as distinct_percent
from members, own, other, log_sizes as log
);
insert into recomputed
select 'answer.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- load_totals.C-01: The narrowest band that holds most members, against what chance would do and against other accounts
create or replace temp table block as select row_number() over () as row_place, * from (
with members as (
    select n_campaign_exchanges as n from accounts where campaign_id = 'C-01' and n_campaign_exchanges > 0
),
others as (
    select n_exchanges as n from accounts where campaign_id is null
),
size as (
    select count(*) as k, avg(n) as mean, greatest(1, ceil(0.02 * median(n)))::bigint as width from members
),
band as (
    select m.n as low, max(o.n) as high, count(*) as n_inside
    from (select distinct n from members) as m
    cross join size as s
    join members as o on o.n between m.n and m.n + s.width
    group by m.n
    order by n_inside desc, low
    limit 1
)
select
    s.k as n_senders,
    b.n_inside,
    b.low as band_low,
    b.high as band_high,
    (select min(n) from members) as members_low,
    (select max(n) from members) as members_high,
    (select count(*) from others) as n_others,
    (select min(n) from others) as others_low,
    (select max(n) from others) as others_high,
    (select count(*) from others where n between b.low and b.high) as n_others_inside,
    floor(s.mean - 2 * sqrt(s.mean * (1 - 1 / s.k)))::bigint as chance_low,
    ceil(s.mean + 2 * sqrt(s.mean * (1 - 1 / s.k)))::bigint as chance_high,
    round(s.mean, 1) as mean
from size as s, band as b
);
insert into recomputed
select 'load_totals.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- taken_cost.C-01: Cost of the campaign's requests as the log states it, US dollars
create or replace temp table block as select row_number() over () as row_place, * from (
select count(e.cost_usd) as n_with_cost, round(sum(e.cost_usd), 2) as cost_usd
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
where c.campaign_id = 'C-01' and c.is_own
);
insert into recomputed
select 'taken_cost.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- handover_totals.C-01: How often another account of the campaign sent a limited or failed request next, with two controls; a prompt counts once
create or replace temp table block as select row_number() over () as row_place, * from (
with own as (
    select
        count(*) filter (f.status in ('limited', 'error', 'blocked')) as n_failed,
        count(*) filter (f.status = 'limited') as n_limited,
        count(*) filter (f.status = 'error') as n_errors,
        count(*) filter (f.status = 'blocked') as n_blocked,
        count(*) filter (f.status = 'ok' and f.prompt_hash is not null) as n_answered
    from exchange_features as f
    join accounts as a on a.account_id = f.account_id
    where a.campaign_id = 'C-01'
),
moved as (
    select
        count(distinct work) as n_moved,
        count(distinct work) filter (relation = 'distinct') as n_distinct,
        count(distinct work) filter (starts_with(work, 'shape|')) as n_shapes,
        count(distinct (account_id, next_account)) as n_pairs,
        count(distinct account_id) as n_from,
        round(median(delay_us) / 1000000, 1) as median_seconds,
        round(max(delay_us) / 1000000, 1) as longest_seconds
    from handovers
    where campaign_id = 'C-01'
),
after_success as (
    select count(*) as n_answered_moved
    from repeats as r
    join accounts as a on a.account_id = r.account_id
    where a.campaign_id = 'C-01' and r.status = 'ok' and r.next_account <> r.account_id
)
select * from own, moved, after_success, outside_handovers
);
insert into recomputed
select 'handover_totals.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- ties_totals.C-01: Accounts that share a rare value with another customer's account of the same side: members with members, others with others
create or replace temp table block as select row_number() over () as row_place, * from (
with placed as (
    select a.account_id, a.campaign_id is not null as is_member, coalesce(p.organization, p.tenant_id, 'account ' || a.account_id) as customer
    from accounts as a
    left join account_profiles as p on p.account_id = a.account_id
    where a.campaign_id = 'C-01' or a.campaign_id is null
),
known as (
    select account_id, 'payment' as kind from account_profiles where payment_fingerprint is not null
    union all
    select account_id, 'signup' from account_profiles where created_at is not null
    union all
    select account_id, 'network' from accounts_with_address
    union all
    select account_id, 'mail' from account_profiles where email_domain is not null
),
shared as (
    select v.kind, v.value, p.is_member
    from shared_values as v
    join placed as p on p.account_id = v.account_id
    group by v.kind, v.value, p.is_member
    having count(distinct p.customer) > 1
),
sharing as (
    select distinct v.kind, v.account_id
    from shared_values as v
    join placed as p on p.account_id = v.account_id
    join shared as s on s.kind = v.kind and s.value = v.value and s.is_member = p.is_member
)
select
    k.kind,
    count(*) filter (p.is_member) as n_members,
    count(*) filter (p.is_member and s.account_id is not null) as n_members_shared,
    count(*) filter (not p.is_member) as n_others,
    count(*) filter (not p.is_member and s.account_id is not null) as n_others_shared,
    round(100 * count(*) filter (p.is_member and s.account_id is not null) / nullif(count(*) filter (p.is_member), 0)) as members_percent,
    round(100 * count(*) filter (not p.is_member and s.account_id is not null) / nullif(count(*) filter (not p.is_member), 0)) as others_percent
from known as k
join placed as p on p.account_id = k.account_id
left join sharing as s on s.kind = k.kind and s.account_id = k.account_id
group by k.kind
order by list_position(['payment', 'signup', 'network', 'mail'], k.kind)
);
insert into recomputed
select 'ties_totals.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- frame.C-01: What the campaign's requests have in common
create or replace temp table block as select row_number() over () as row_place, * from (
select
    t.template_id, t.kind, t.n_exchanges as n_requests, t.n_accounts, t.template_text,
    (
        select count(distinct e.account_id)
        from template_exchanges as e
        join accounts as a on a.account_id = e.account_id
        where e.template_id = t.template_id and a.campaign_id is distinct from 'C-01'
    ) as n_others
from campaigns as c, unnest(c.templates) as own(template_id)
join templates as t on t.template_id = own.template_id
where c.campaign_id = 'C-01'
order by t.n_exchanges desc, t.template_id
);
insert into recomputed
select 'frame.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- handover_pairs.C-01: Six hand-overs, drawn by lot
create or replace temp table block as select row_number() over () as row_place, * from (
with drawn as (
    select * from handovers where campaign_id = 'C-01' order by md5(record_id), record_id limit 6
)
select
    d.record_id, d.account_id, d.status, d.next_record_id, d.next_account, d.next_status,
    date_trunc('second', d.started_at) as started_at,
    date_trunc('second', d.next_started_at) as next_started_at,
    round(d.delay_us / 1000000, 1) as delay_seconds,
    e.prompt_text
from drawn as d
join exchanges as e on e.record_id = d.record_id
order by d.started_at, d.record_id
);
insert into recomputed
select 'handover_pairs.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- facts.C-01: Facts of a group: by kind, the heaviest first
create or replace temp table block as select row_number() over () as row_place, * from (
select
    fact_id, place, title, kind, statement, round(weight, 1) as bits, "value", "of", round(comparison, 1) as expected, n_accounts, excludes, is_counted, is_telling, record_ids
from campaign_facts
where campaign_id = 'C-01'
order by place
);
insert into recomputed
select 'facts.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- frame_edges.C-01: First and last prompt of a campaign in the order of letters, forwards and backwards: what they share, all share
create or replace temp table block as select row_number() over () as row_place, * from (
select
    count(*) as n_texts,
    min(left(e.prompt_text, 600)) as first_begin,
    max(left(e.prompt_text, 600)) as last_begin,
    min(reverse(right(e.prompt_text, 600))) as first_end,
    max(reverse(right(e.prompt_text, 600))) as last_end
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
where c.campaign_id = 'C-01' and c.is_own and e.prompt_text is not null
);
insert into recomputed
select 'frame_edges.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- taken_samples.C-01: Three answered requests of different accounts, drawn by lot
create or replace temp table block as select row_number() over () as row_place, * from (
with first_of_account as (
    select record_id
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own and status = 'ok'
    qualify row_number() over (partition by account_id order by md5(record_id), record_id) = 1
),
drawn as (select record_id from first_of_account order by md5(record_id), record_id limit 3)
select
    e.record_id, e.account_id, date_trunc('second', e.started_at) as started_at,
    coalesce(e.model_served, e.model_requested) as model, e.output_tokens,
    left(e.prompt_text, 2000) as prompt_text, length(e.prompt_text) as prompt_length,
    left(e.response_text, 2000) as response_text, length(e.response_text) as response_length
from exchanges as e
where e.record_id in (select record_id from drawn)
order by e.started_at, e.record_id
);
insert into recomputed
select 'taken_samples.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- tie_members.C-01: Members of a campaign in the order in which the network is drawn: the first 60
create or replace temp table block as select row_number() over () as row_place, * from (
select a.account_id, p.payment_fingerprint
from accounts as a
left join account_profiles as p on p.account_id = a.account_id
where a.campaign_id = 'C-01'
order by p.payment_fingerprint nulls last, p.created_at, a.account_id
limit 60
);
insert into recomputed
select 'tie_members.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- strip_accounts.C-01: Accounts drawn by lot for the strips: up to 28 members, and 10 others with at least 25 requests
create or replace temp table block as select row_number() over () as row_place, * from (
with drawn as (
    select account_id, n_exchanges, campaign_id is not null as is_member
    from accounts
    where (campaign_id = 'C-01' and n_campaign_exchanges > 0) or (campaign_id is null and n_exchanges >= 25)
    qualify row_number() over (partition by campaign_id is not null order by md5(account_id), account_id)
        <= case when campaign_id is not null then 28 else 10 end
)
select
    account_id, is_member, n_exchanges as n_requests,
    count(*) filter (is_member) over () as n_members_drawn,
    count(*) filter (not is_member) over () as n_others_drawn,
    (select count(*) from accounts where campaign_id = 'C-01') as n_members,
    (select count(*) from accounts where campaign_id is null) as n_others
from drawn
order by is_member desc, account_id
);
insert into recomputed
select 'strip_accounts.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- tie_pair.C-01: What ties one pair of members: the pair in the middle when all linked pairs are ordered by weight
insert into recomputed
select 'tie_pair.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (with own as (
    select l.account_a, l.account_b, l.weight, l.attributes,
        row_number() over (order by l.weight, l.account_a, l.account_b) as place, count(*) over () as n_links
    from links as l
    join accounts as a on a.account_id = l.account_a
    join accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
    where a.campaign_id = 'C-01'
),
middle as (select * from own where place = (n_links + 1) // 2)
select m.account_a, m.account_b, round(m.weight, 1) as total_bits, m.n_links, m.t.attribute as attribute, m.t.n_accounts as n_accounts, round(m.t.weight, 1) as bits
from (select *, unnest(attributes) as t from middle) as m
order by bits desc, attribute) as d))) on n_rows, digest into name name value value);
create or replace temp table block as select row_number() over () as row_place, * from (
with own as (
    select l.account_a, l.account_b, l.weight, l.attributes,
        row_number() over (order by l.weight, l.account_a, l.account_b) as place, count(*) over () as n_links
    from links as l
    join accounts as a on a.account_id = l.account_a
    join accounts as b on b.account_id = l.account_b and b.campaign_id = a.campaign_id
    where a.campaign_id = 'C-01'
),
middle as (select * from own where place = (n_links + 1) // 2)
select m.account_a, m.account_b, round(m.weight, 1) as total_bits, m.n_links, m.t.attribute as attribute, m.t.n_accounts as n_accounts, round(m.t.weight, 1) as bits
from (select *, unnest(attributes) as t from middle) as m
order by bits desc, attribute
);
insert into recomputed
select 'tie_pair.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- taken_models.C-01: Answers that the campaign received, by model
create or replace temp table block as select row_number() over () as row_place, * from (
with log as (
    select coalesce(model, 'not logged') as model, sum(output_tokens) as output_log from exchange_features group by all
),
own as (
    select
        coalesce(model, 'not logged') as model, count(*) as n_requests, count(*) filter (status = 'ok') as n_answered,
        sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own
    group by all
)
select
    o.model, o.n_requests, o.n_answered, o.input_tokens, o.output_tokens,
    round(100 * o.output_tokens / nullif(l.output_log, 0)) as log_percent
from own as o
join log as l on l.model = o.model
order by o.output_tokens desc nulls last, o.n_requests desc, o.model
limit 8
);
insert into recomputed
select 'taken_models.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- taken_marks.C-01: Kinds of requests by the words in them: in the campaign and in the rest of the log
create or replace temp table block as select row_number() over () as row_place, * from (
with marked as (
    select e.record_id is not null as is_own, len(f.lexicon_marks) as n_marks, f.lexicon_marks as marks
    from exchange_features as f
    left join campaign_exchanges as e on e.record_id = f.record_id and e.campaign_id = 'C-01' and e.is_own
    where f.lexicon_marks is not null
),
sizes as (
    select count(*) filter (is_own) as n_own_all, count(*) filter (not is_own) as n_rest_all from marked
)
select
    t.mark, count(*) filter (t.is_own) as n_own, any_value(s.n_own_all) as n_own_all,
    round(100 * count(*) filter (t.is_own) / any_value(s.n_own_all), 1) as own_percent,
    round(100 * count(*) filter (not t.is_own) / nullif(any_value(s.n_rest_all), 0), 1) as rest_percent
from (select is_own, unnest(marks) as mark from marked) as t
cross join sizes as s
group by t.mark
having count(*) filter (t.is_own) > 0
order by n_own desc, t.mark
);
insert into recomputed
select 'taken_marks.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- explanations.C-01: Harmless explanations of a group: first those that cap the grade, then the others
create or replace temp table block as select row_number() over () as row_place, * from (
select explanation_id, title, outcome, statement, ask, is_capping, starts_with(explanation_id, 'operator.') as can_cap
from campaign_explanations
where campaign_id = 'C-01'
order by can_cap desc, case when can_cap then 0 else list_position(['fits', 'cannot tell', 'in part', 'excluded'], outcome) end, place
);
insert into recomputed
select 'explanations.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- explanation_counts.C-01: Harmless explanations of a campaign by outcome
create or replace temp table block as select row_number() over () as row_place, * from (
select
    count(*) as n_tried,
    count(*) filter (starts_with(explanation_id, 'operator.')) as n_can_cap,
    count(*) filter (is_capping) as n_capping,
    count(*) filter (outcome = 'excluded') as n_excluded,
    count(*) filter (outcome = 'in part') as n_in_part,
    count(*) filter (outcome = 'fits') as n_fits,
    count(*) filter (outcome = 'cannot tell') as n_open
from campaign_explanations
where campaign_id = 'C-01'
);
insert into recomputed
select 'explanation_counts.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- fact_counts.C-01: How many facts a group shows, how many of them count, and what these weigh together
create or replace temp table block as select row_number() over () as row_place, * from (
select
    count(*) as n_facts,
    count(*) filter (is_counted) as n_counted,
    count(*) filter (is_counted and is_telling) as n_telling,
    count(*) filter (not is_counted) as n_below,
    count(*) filter (is_counted and round(weight, 1) > 0) as n_weighed,
    coalesce(round(sum(round(weight, 1)) filter (is_counted), 1), 0) as bits
from campaign_facts
where campaign_id = 'C-01'
);
insert into recomputed
select 'fact_counts.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- statements.C-01: What else was observed on a campaign: tests that fired, other traffic, what could not be judged
create or replace temp table block as select row_number() over () as row_place, * from (
select side, source, statement, n_exchanges as n_requests, n_accounts
from campaign_evidence
where campaign_id = 'C-01' and not regexp_matches(source, '^(fact|operator|confounder)[.]')
order by list_position(['for', 'against', 'neutral'], side), source, entity_id, statement
);
insert into recomputed
select 'statements.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- stability.C-01: What is left of the grade if one part of the evidence is left out
insert into recomputed
select 'stability.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (with parts as (
    select campaign_id, grade, unnest(grade_without) as part, generate_subscripts(grade_without, 1) as place
    from campaigns
    where campaign_id = 'C-01'
),
named as (
    select campaign_id, grade, place, regexp_extract(part, '^(.*): ', 1) as name, split_part(part, ': ', -1) as grade_left from parts
)
select
    n.place, coalesce(f.title, n.name) as left_out, n.grade_left,
    coalesce(list_position(['weak', 'moderate', 'strong'], n.grade_left), 0) as rank_left,
    coalesce(list_position(['weak', 'moderate', 'strong'], n.grade), 0) as rank
from named as n
left join campaign_facts as f on f.campaign_id = n.campaign_id and n.name = 'fact ' || f.fact_id
order by n.place) as d))) on n_rows, digest into name name value value);
create or replace temp table block as select row_number() over () as row_place, * from (
with parts as (
    select campaign_id, grade, unnest(grade_without) as part, generate_subscripts(grade_without, 1) as place
    from campaigns
    where campaign_id = 'C-01'
),
named as (
    select campaign_id, grade, place, regexp_extract(part, '^(.*): ', 1) as name, split_part(part, ': ', -1) as grade_left from parts
)
select
    n.place, coalesce(f.title, n.name) as left_out, n.grade_left,
    coalesce(list_position(['weak', 'moderate', 'strong'], n.grade_left), 0) as rank_left,
    coalesce(list_position(['weak', 'moderate', 'strong'], n.grade), 0) as rank
from named as n
left join campaign_facts as f on f.campaign_id = n.campaign_id and n.name = 'fact ' || f.fact_id
order by n.place
);
insert into recomputed
select 'stability.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- stability_counts.C-01: How many parts of the evidence were left out one at a time, and without how many no grade is left
create or replace temp table block as select row_number() over () as row_place, * from (
with parts as (select unnest(grade_without) as part from campaigns where campaign_id = 'C-01')
select
    count(*) as n_left_out,
    count(*) filter (not list_contains(['weak', 'moderate', 'strong'], split_part(part, ': ', -1))) as n_carrying
from parts
);
insert into recomputed
select 'stability_counts.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- explained: Groups that are run as one and not reported as campaigns, because they may be one operator's own
create or replace temp table block as select row_number() over () as row_place, * from (
select group_id, n_accounts, n_exchanges as n_requests, explanation, statement
from explained_groups
order by n_accounts desc, group_id
limit 6
);
insert into recomputed
select 'explained.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- explained_totals: Groups that are run as one and not reported as campaigns, and their accounts, together
create or replace temp table block as select row_number() over () as row_place, * from (
select count(*) as n_groups, coalesce(sum(n_accounts), 0)::bigint as n_accounts, coalesce(sum(n_exchanges), 0)::bigint as n_requests
from explained_groups
);
insert into recomputed
select 'explained_totals.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- error_rates: Measured rates of error with exact 95 % intervals
create or replace temp table block as select row_number() over () as row_place, * from (
select
    kind, grade, n_of, n_total, n_of_blocks, n_blocks,
    ceil(10000 * ci95_high) / 100 as high_percent, floor(10000 * ci95_low) / 100 as low_percent
from error_rates
where kind in ('sensitivity', 'false_accusation') and is_known and n_total is not null
order by place
);
insert into recomputed
select 'error_rates.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- tests: All tests with state and reason

-- strip_ticks.C-01: Requests of the accounts drawn by lot: one row per account and 1,200th part of the log's time
insert into recomputed
select 'strip_ticks.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (with drawn as (
    select account_id, campaign_id
    from accounts
    where (campaign_id = 'C-01' and n_campaign_exchanges > 0) or (campaign_id is null and n_exchanges >= 25)
    qualify row_number() over (partition by campaign_id is not null order by md5(account_id), account_id)
        <= case when campaign_id is not null then 28 else 10 end
),
span as (
    select date_trunc('day', min(started_at)) as first_day, date_trunc('day', max(started_at)) + interval 1 day as end_day from exchange_features
)
select
    d.account_id,
    (1200 * (epoch_us(f.started_at) - epoch_us(s.first_day)) // (epoch_us(s.end_day) - epoch_us(s.first_day)))::bigint as place,
    max(case when f.status in ('limited', 'error', 'blocked') then 3 when e.is_own then 2 else 1 end) as kind,
    count(*) as n_requests
from drawn as d
join exchange_features as f on f.account_id = d.account_id
left join campaign_exchanges as e on e.record_id = f.record_id and e.campaign_id = 'C-01'
cross join span as s
group by d.account_id, place
order by d.account_id, place) as d))) on n_rows, digest into name name value value);

-- handover_matrix.C-01: Who hands to whom: hand-overs per ordered pair of accounts
insert into recomputed
select 'handover_matrix.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (select account_id, next_account, count(*) as n
from handovers
where campaign_id = 'C-01'
group by account_id, next_account
order by account_id, next_account) as d))) on n_rows, digest into name name value value);

-- loads.C-01: How many accounts sent how many requests: members (the campaign's requests) and all accounts outside of campaigns (all requests)
insert into recomputed
select 'loads.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (select
    campaign_id is not null as is_member,
    case when campaign_id is not null then n_campaign_exchanges else n_exchanges end as n_requests,
    count(*) as n_accounts
from accounts
where campaign_id = 'C-01' or campaign_id is null
group by all
order by is_member desc, n_requests) as d))) on n_rows, digest into name name value value);

-- load_days.C-01: How many members sent how many of the campaign's requests on each day
insert into recomputed
select 'load_days.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (with counted as (
    select started_at::date as day, account_id, count(*) as n_requests
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own
    group by day, account_id
)
select day, n_requests, count(*) as n_accounts
from counted
group by day, n_requests
order by day, n_requests) as d))) on n_rows, digest into name name value value);

-- tie_values.C-01: Values of payment, sign-up and address that two to twelve members share, with their accounts
insert into recomputed
select 'tie_values.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (select t.attribute, t.value, count(*) as n_members, list(t.account_id order by t.account_id) as members
from account_attributes as t
join accounts as a on a.account_id = t.account_id
where a.campaign_id = 'C-01' and t.attribute in ('payment', 'signup', 'ip')
group by t.attribute, t.value
having count(*) between 2 and 12
order by t.attribute, n_members desc, t.value
limit 60) as d))) on n_rows, digest into name name value value);

-- fact_weights.C-01: What the facts of a group weigh, in bits
insert into recomputed
select 'fact_weights.C-01.all.' || name, value
from (unpivot (select n_rows::varchar as n_rows, digest from (select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest from (select d::varchar as line from (select fact_id, title, kind, round(weight, 1) as bits, is_counted, is_telling
from campaign_facts
where campaign_id = 'C-01'
order by place) as d))) on n_rows, digest into name name value value);

-- shown_by.C-01: Records that show statements of one kind: those cited for facts, requests with the common frame, first requests to a later model, reasoning of others

-- exhibits.C-01: Records cited as exhibits

-- evidence: Every statement of the assessment on every campaign and every group that is not reported

-- membership: Why each account is in its campaign: ties to other members, members with two kinds of identity in common, requests of the common kind

-- candidates: Groups that hand over inside of themselves, the heaviest first: what a campaign can begin with

-- campaign_days.C-01: Requests of a campaign per day

-- accounts: All accounts with their outcome

-- field_mappings: Which field became which column, in files of no known format

create or replace temp table compared as
with pages as (
    select content from read_text(['report/report.html'])
),
printed as (
    select distinct
        unnest(regexp_extract_all(content, '<data class="n" data-name="([^"]+)" value="([^"]*)">([^<]*)</data>', 1)) as name,
        unnest(regexp_extract_all(content, '<data class="n" data-name="([^"]+)" value="([^"]*)">([^<]*)</data>', 2)) as stated,
        unnest(regexp_extract_all(content, '<data class="n" data-name="([^"]+)" value="([^"]*)">([^<]*)</data>', 3)) as shown
    from pages
)
select
    p.name, p.stated, p.shown, r.value as recomputed,
    coalesce(p.stated = r.value and (
        try_cast(replace(replace(p.shown, ',', ''), chr(8239), '') as double) = try_cast(p.stated as double)
        or p.shown = p.stated
        or p.shown in (
            strftime(try_cast(p.stated as timestamp), '%-d %B %Y'), strftime(try_cast(p.stated as timestamp), '%-d %B'),
            strftime(try_cast(p.stated as timestamp), '%-d'), strftime(try_cast(p.stated as timestamp), '%H:%M:%S'),
            strftime(try_cast(p.stated as timestamp), '%-d %b %H:%M:%S'), strftime(try_cast(p.stated as timestamp), '%-d %b'),
            strftime(try_cast(p.stated as timestamp), '%d.%m.%Y'), strftime(try_cast(p.stated as timestamp), '%d.%m.'),
            strftime(try_cast(p.stated as timestamp), '%d.%m. %H:%M:%S'),
            strftime(try_cast(p.stated as timestamp), '%Y-%m-%d'), strftime(try_cast(p.stated as timestamp), '%Y-%m-%d %H:%M:%S'))
        ), false) as agrees
from printed as p
left join recomputed as r on r.name = p.name;

select name, shown, stated, recomputed, case when agrees then 'equal' else 'DIFFERS' end as result from compared order by agrees, name;

select case
    when count(*) filter (not agrees) > 0 then error(count(*) filter (not agrees) || ' of ' || count(*) || ' numbers differ')
    when count(*) = 0 then error('the report holds no number')
    else 'all ' || count(*) || ' numbers are equal' end as result
from compared;
