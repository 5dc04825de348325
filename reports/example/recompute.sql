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
create or replace temp view candidate_steps as from read_parquet(['findings/candidate_steps.parquet']);
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
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp view tie_groups as from read_parquet(['data/tie_groups.parquet']);
create or replace temp table recomputed (name varchar, value varchar);
create or replace temp table checks (name varchar, stated varchar, recomputed varchar, holds boolean);

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
where c.campaign_id = 'C-01' and c.is_own and e.cost_usd is not null
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
order by t.kind = 'near', t.n_exchanges desc, t.template_id -- what is alike comes behind what is the same
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

-- wording.C-01: First and last prompt of those that carry the most frequent text of a campaign, forwards and backwards: what they share, all of these share
create or replace temp table block as select row_number() over () as row_place, * from (
with most_frequent as (
    select t.template_id
    from campaigns as c, unnest(c.templates) as own(template_id)
    join templates as t on t.template_id = own.template_id
    where c.campaign_id = 'C-01'
    order by t.kind = 'near', t.n_exchanges desc, t.template_id -- what is alike and not the same has no words in common
    limit 1
)
select
    count(*) as n_texts,
    min(left(e.prompt_text, 600)) as first_begin,
    max(left(e.prompt_text, 600)) as last_begin,
    min(reverse(right(e.prompt_text, 600))) as first_end,
    max(reverse(right(e.prompt_text, 600))) as last_end
from campaign_exchanges as c
join exchanges as e on e.record_id = c.record_id
join template_exchanges as x on x.record_id = c.record_id
join most_frequent as m on m.template_id = x.template_id
where c.campaign_id = 'C-01' and c.is_own and e.prompt_text is not null
);
insert into recomputed
select 'wording.C-01.' || row_place || '.' || name, value
from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block) on columns(* exclude (row_place)) into name name value value);

-- taken_samples.C-01: Three answered requests of different accounts, drawn by lot
create or replace temp table block as select row_number() over () as row_place, * from (
with first_of_account as (
    select arg_min(record_id, md5(record_id) || record_id) as record_id
    from campaign_exchanges
    where campaign_id = 'C-01' and is_own and status = 'ok'
    group by account_id
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

-- formation.C-01: How the accounts of a campaign were found: what it began with, what that weighs, and what later steps changed
create or replace temp table block as select row_number() over () as row_place, * from (
select
    f.rule, f.group_id, f.n_tried, f.n_accounts as n_begun, round(f.bits, 1) as bits,
    count(s.step) as n_further, coalesce(sum(len(s.added)), 0)::bigint as n_added, coalesce(sum(len(s.removed)), 0)::bigint as n_removed
from candidate_steps as f
left join candidate_steps as s on s.candidate = f.candidate and s.step > 1
where f.campaign_id = 'C-01' and f.step = 1
group by all
);
insert into recomputed
select 'formation.C-01.' || row_place || '.' || name, value
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
),
requests as (
    select account_id, started_at, status, is_own
    from campaign_exchanges
    where campaign_id = 'C-01' and account_id in (select account_id from drawn)
    union all
    select account_id, started_at, status, false
    from exchange_features
    where account_id in (select account_id from drawn where campaign_id is null)
)
select
    r.account_id,
    (1200 * (epoch_us(r.started_at) - epoch_us(s.first_day)) // (epoch_us(s.end_day) - epoch_us(s.first_day)))::bigint as place,
    max(case when r.status in ('limited', 'error', 'blocked') then 3 when r.is_own then 2 else 1 end) as kind,
    count(*) as n_requests
from requests as r
cross join span as s
group by r.account_id, place
order by r.account_id, place) as d))) on n_rows, digest into name name value value);

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

-- membership: Why each account is in its campaign: ties to other members, members with two kinds of identity in common, requests of the common kind, texts that are the campaign's own

-- candidates: Groups that hand over inside of themselves, the heaviest first: what a campaign can begin with

-- all_steps: How the accounts of all candidates were found, step by step

-- campaign_days.C-01: Requests of a campaign per day

-- accounts: All accounts with their outcome

-- field_mappings: Which field became which column, in files of no known format

-- Whether the program chose by its own rules: no set weighs more than the one that a campaign began with, steps weigh what is stated, every member has what holds it
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view candidate_steps as from read_parquet(['findings/candidate_steps.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view group_loads as from read_parquet(['data/group_loads.parquet']);
create or replace temp view work_ties as from read_parquet(['data/work_ties.parquet']);
create or replace temp view shared_values as from read_parquet(['data/shared_values.parquet']);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp table membership as
with members as (
    select account_id, campaign_id from accounts where campaign_id is not null
),
ties as (
    select m.campaign_id, m.account_id, o.account_id as other, t.work
    from (
        from work_ties select account_id, other_account_id, work, relation
        union all
        from work_ties select other_account_id, account_id, work, relation
    ) as t
    join members as m on m.account_id = t.account_id
    join members as o on o.account_id = t.other_account_id and o.campaign_id = m.campaign_id
    where t.relation <> 'same'
),
tied as (
    select campaign_id, account_id, count(distinct work) as n_ties, count(distinct other) as n_partners from ties group by all
),
held as (
    select distinct m.campaign_id, m.account_id, s.kind, s.value
    from shared_values as s
    join members as m on m.account_id = s.account_id
    where s.kind in ('payment', 'signup', 'network')
),
pairs as (
    select a.campaign_id, a.account_id, b.account_id as other
    from held as a
    join held as b
        on b.campaign_id = a.campaign_id and b.kind = a.kind and b.value = a.value and b.account_id <> a.account_id
    group by all
    having count(distinct a.kind) > 1
),
alike as (
    select campaign_id, account_id, count(*) as n_alike from pairs group by all
),
common as (
    select c.campaign_id, e.account_id, count(distinct e.record_id) as n_requests
    from (from campaigns select campaign_id, unnest(templates) as template_id) as c
    join template_exchanges as e on e.template_id = c.template_id
    join members as m on m.account_id = e.account_id and m.campaign_id = c.campaign_id
    group by all
),
loads as (
    select m.campaign_id, g.group_id, g.account_id, g.n_exchanges
    from group_loads as g
    join members as m on m.account_id = g.account_id
    where list_contains(['near', 'passage', 'prefix', 'prompt', 'suffix', 'system'], split_part(g.group_id, ':', 1)) or g.group_id in (select group_id from candidate_steps where step = 1)
),
own_groups as (
    select l.campaign_id, l.group_id
    from loads as l
    join (select group_id, sum(n_exchanges) as n from group_loads group by group_id) as g on g.group_id = l.group_id
    group by l.campaign_id, l.group_id, g.n
    having sum(l.n_exchanges) >= 0.8 * g.n
    union
    select campaign_id, group_id from candidate_steps where step = 1 and group_id is not null
),
own as (
    select l.campaign_id, l.account_id, count(*) as n_groups
    from loads as l
    join own_groups as o on o.campaign_id = l.campaign_id and o.group_id = l.group_id
    group by all
)
select
    m.campaign_id, m.account_id, coalesce(t.n_ties, 0) as n_ties, coalesce(t.n_partners, 0) as n_partners,
    coalesce(a.n_alike, 0) as n_alike, coalesce(c.n_requests, 0) as n_common_requests, coalesce(o.n_groups, 0) as n_own_groups,
    coalesce(t.n_ties, a.n_alike, o.n_groups) is not null as is_held
from members as m
left join tied as t on t.campaign_id = m.campaign_id and t.account_id = m.account_id
left join alike as a on a.campaign_id = m.campaign_id and a.account_id = m.account_id
left join common as c on c.campaign_id = m.campaign_id and c.account_id = m.account_id
left join own as o on o.campaign_id = m.campaign_id and o.account_id = m.account_id
order by m.campaign_id, m.account_id;
create or replace temp table reported_candidates as
select * exclude (step, added, removed)
from candidate_steps
where step = 1 and campaign_id is not null
order by campaign_id
limit 10;
create or replace temp view account_calls as from read_parquet(['data/account_calls.parquet']);
create or replace temp table step_accounts as
with changes as (
    select candidate, step, unnest(added) as account_id, true as is_in from candidate_steps
    union all
    select candidate, step, unnest(removed), false from candidate_steps
)
select s.candidate, s.step, c.account_id
from candidate_steps as s
join changes as c on c.candidate = s.candidate and c.step <= s.step
group by s.candidate, s.step, c.account_id
having arg_max(c.is_in, c.step);
create or replace temp table free_accounts as
with found as (
    select a.candidate, a.account_id
    from step_accounts as a
    join (select candidate, max(step) as step from candidate_steps group by candidate) as l on l.candidate = a.candidate and l.step = a.step
)
select r.candidate, a.account_id, a.n_exchanges
from reported_candidates as r
cross join account_calls as a
where not exists (select 1 from found as f where f.account_id = a.account_id and f.candidate < r.candidate);
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
create or replace temp table passing_ties as
select kind, record_id, account_id, other_account_id, work
from work_ties
where relation <> 'same' and account_id not in (select account_id from households);
create or replace temp table tied_sets as
with recursive free_ties as (
    select distinct f.candidate, t.account_id, t.other_account_id, t.work
    from passing_ties as t
    join free_accounts as f on f.account_id = t.account_id
    join free_accounts as o on o.account_id = t.other_account_id and o.candidate = f.candidate
),
-- Ties after each round in which those at the rim are taken away; a candidate for which nothing changes is done.
kept as (
    select 0 as round, candidate, account_id, other_account_id, work from free_ties
    union all
    select round + 1, candidate, account_id, other_account_id, work
    from (
        select *, sum(is_loose::int) over (partition by candidate) as n_loose
        from (
            select k.*, least(a.n, b.n) < 2 as is_loose
            from kept as k
            join (
                select candidate, account_id, count(*) as n
                from (select candidate, account_id from kept union all select candidate, other_account_id from kept)
                group by all
            ) as a on a.candidate = k.candidate and a.account_id = k.account_id
            join (
                select candidate, account_id, count(*) as n
                from (select candidate, account_id from kept union all select candidate, other_account_id from kept)
                group by all
            ) as b on b.candidate = k.candidate and b.account_id = k.other_account_id
        )
    )
    where n_loose > 0 and not is_loose
),
last_round as (
    select candidate, max(round) as round from kept group by candidate
),
counted as (
    select k.candidate, unnest([k.account_id, k.other_account_id]) as account_id
    from kept as k
    join last_round as l on l.candidate = k.candidate and l.round = k.round
),
-- The last round may leave nothing at all, which adds no row to say so.
inside as (
    select candidate, account_id from counted group by all having count(*) > 1
),
pairs as (
    select distinct k.candidate, k.account_id as a, k.other_account_id as b
    from kept as k
    join last_round as l on l.candidate = k.candidate and l.round = k.round
    join inside as x on x.candidate = k.candidate and x.account_id = k.account_id
    join inside as y on y.candidate = k.candidate and y.account_id = k.other_account_id
),
ways as (
    select candidate, a, b from pairs
    union
    select candidate, b, a from pairs
),
labels as (
    select 0 as round, candidate, a as account_id, a as label from ways group by all
    union all
    select round, candidate, account_id, label
    from (
        select
            l.round + 1 as round, l.candidate, l.account_id, least(l.label, min(o.label)) as label,
            bool_or(l.label > min(o.label)) over (partition by l.candidate) as is_changing
        from labels as l
        join ways as w on w.candidate = l.candidate and w.a = l.account_id
        join labels as o on o.candidate = l.candidate and o.account_id = w.b
        group by l.round, l.candidate, l.account_id, l.label
    )
    where is_changing
)
select
    candidate, account_id,
    'ties-' || (dense_rank() over (partition by candidate order by label) - 1) as name
from labels
qualify round = max(round) over (partition by candidate);
create or replace temp table competing_sets as
with present as (
    select
        f.candidate, g.group_id, g.account_id, g.n_exchanges::double as n, g.n_exchanges::double / f.n_exchanges as share,
        split_part(g.group_id, ':', 1) as kind
    from group_loads as g
    join free_accounts as f on f.account_id = g.account_id
),
tied as (
    select a.candidate, a.group_id, unnest([a.account_id, b.account_id]) as account_id
    from (select distinct account_id, other_account_id from passing_ties) as t
    join present as a on a.account_id = t.account_id
    join present as b on b.account_id = t.other_account_id and b.candidate = a.candidate and b.group_id = a.group_id
),
models as (
    select p.candidate, p.group_id, median(p.n) as n, median(p.share) as share
    from (select distinct * from tied) as t
    join present as p on p.candidate = t.candidate and p.group_id = t.group_id and p.account_id = t.account_id
    group by all
    having count(*) >= 5
),
members as (
    select p.candidate, p.group_id as name, p.group_id, p.account_id
    from present as p
    join models as m on m.candidate = p.candidate and m.group_id = p.group_id
    where p.kind = 'cluster' or (
        p.n >= greatest(least(3, m.n), case p.kind when 'near' then 0.15 else 0.1 end * m.n)
        and p.share >= 0.5 * m.share
    )
    union all
    select candidate, name, null, account_id from tied_sets
)
select candidate, name, group_id, account_id
from members
qualify count(*) over (partition by candidate, name) >= 5;
create or replace temp view tie_groups as from read_parquet(['data/tie_groups.parquet']);
create or replace temp table set_weights as
with recursive members as (
    select candidate, name, group_id, account_id, true as is_rival from competing_sets
    union all
    select a.candidate, 'step ' || a.step, null, a.account_id, false
    from step_accounts as a
    where a.candidate in (select candidate from reported_candidates)
),
sets as (
    select
        m.candidate, m.name, m.group_id, m.is_rival, m.is_rival and not starts_with(coalesce(m.group_id, 'cluster:'), 'cluster:') as is_by_group,
        count(*) as n_accounts, sum(c.n_failed) as n_failed, sum(c.n_continuing) as n_continuing, sum(c.n_prompts) as n_prompts, sum(g.n_failed) as n_failed_in_group
    from members as m
    join account_calls as c on c.account_id = m.account_id
    left join group_loads as g on g.group_id = m.group_id and g.account_id = m.account_id
    group by all
),
inside as (
    select a.candidate, a.name, t.kind, count(distinct t.work) as n, count(distinct t.work) filter (g.group_id is not null) as n_in_group
    from passing_ties as t
    join members as a on a.account_id = t.account_id
    join members as b on b.account_id = t.other_account_id and b.candidate = a.candidate and b.name = a.name
    left join tie_groups as g on g.record_id = t.record_id and g.group_id = a.group_id
    group by all
),
trials as (
    select
        s.candidate, s.name, i.kind,
        (case when i.kind = 'handover' and s.is_by_group then i.n_in_group else i.n end)::double as n,
        greatest(
            case when i.kind = 'handover' and s.is_by_group then i.n_in_group else i.n end,
            case i.kind when 'handover' then if(s.is_by_group, s.n_failed_in_group, s.n_failed) when 'conversation' then s.n_continuing else s.n_prompts end
        )::double as n_of,
        (case i.kind when 'handover' then 0.002 when 'conversation' then 0.0005 else 0.0005 end)::double as rate
    from sets as s
    join inside as i on i.candidate = s.candidate and i.name = s.name
),
tie_bits as (
    select candidate, name, sum(
        case when n <= n_of * rate then 0 else n * log2(n / n_of / rate) + if(n < n_of, (n_of - n) * log2((1 - n / n_of) / (1 - rate)), 0) end
    ) as bits
    from trials
    where n > 0
    group by all
),
-- Customers who share a value with another, and what each value connects.
customers as (
    select account_id, coalesce(nullif(organization, ''), nullif(tenant_id, ''), account_id) as customer from account_calls
),
held as (
    select distinct m.candidate, m.name, v.kind, v.value, c.customer
    from members as m
    join customers as c on c.account_id = m.account_id
    join shared_values as v on v.account_id = m.account_id
    where not m.is_rival or (m.candidate, m.name) in (select (candidate, name) from tie_bits where bits > 0)
),
pairs as (
    select candidate, name, kind, customer as a, min(customer) over (partition by candidate, name, kind, value) as b
    from held
    qualify a <> b
),
ways as (
    select candidate, name, kind, a, b from pairs
    union
    select candidate, name, kind, b, a from pairs
),
labels as (
    select 0 as round, candidate, name, kind, a as customer, a as label from ways group by all
    union all
    select round, candidate, name, kind, customer, label
    from (
        select
            l.round + 1 as round, l.candidate, l.name, l.kind, l.customer, least(l.label, min(o.label)) as label,
            bool_or(l.label > min(o.label)) over (partition by l.candidate, l.name, l.kind) as is_changing
        from labels as l
        join ways as w on w.candidate = l.candidate and w.name = l.name and w.kind = l.kind and w.a = l.customer
        join labels as o on o.candidate = l.candidate and o.name = l.name and o.kind = l.kind and o.customer = w.b
        group by l.round, l.candidate, l.name, l.kind, l.customer, l.label
    )
    where is_changing
),
shared as (
    select candidate, name, kind, (count(*) - count(distinct label))::double as n
    from (select * from labels qualify round = max(round) over (partition by candidate, name, kind))
    group by all
),
-- Values that the same accounts hold are one.
value_sizes as (
    select kind, len(holders)::double as size, count(*) as n_values
    from (select distinct kind, holders from (select kind, value, list_sort(list(account_id)) as holders from shared_values group by kind, value))
    group by all
),
expected as (
    select
        h.candidate, h.name, h.kind, h.n,
        sum(v.n_values * (v.size * s.share - 1 + pow(1 - s.share, v.size)) order by v.size) + 1 / 3.0::double as n_expected
    from shared as h
    join (select candidate, name, n_accounts::double / (select count(*) from account_calls) as share from sets) as s
        on s.candidate = h.candidate and s.name = h.name
    join value_sizes as v on v.kind = h.kind
    group by all
),
identity_bits as (
    select candidate, name, sum(if(n <= n_expected, 0, n * log2(n / n_expected) - (n - n_expected) / ln(2))) as bits
    from expected
    group by all
)
select
    s.candidate, s.name, s.group_id, s.is_rival, s.n_accounts, round(coalesce(t.bits, 0), 6) as tie_bits, round(coalesce(i.bits, 0), 6) as identity_bits,
    -- Identities that made a cluster count half, since it was chosen for them; a set without ties does not compete.
    round(case
        when not s.is_rival then coalesce(t.bits, 0) + coalesce(i.bits, 0)
        when coalesce(t.bits, 0) = 0 then 0
        else t.bits + coalesce(i.bits, 0) * if(starts_with(coalesce(s.group_id, ''), 'cluster:'), 0.5, 1)
    end, 6) as bits
from sets as s
left join tie_bits as t on t.candidate = s.candidate and t.name = s.name
left join identity_bits as i on i.candidate = s.candidate and i.name = s.name;
insert into checks
with rivals as (
    select
        b.campaign_id, b.rule, b.bits, b.n_tried, b.n_accounts, count(w.name) as n_sets, coalesce(max(w.bits), 0) as most,
        coalesce(bool_or(abs(w.bits - b.bits) < 0.001 and w.n_accounts = b.n_accounts and coalesce(w.group_id, '') = coalesce(b.group_id, '')), false) as is_there
    from reported_candidates as b
    left join set_weights as w on w.candidate = b.candidate and w.is_rival
    group by all
),
steps as (
    select s.*, w.n_accounts as n_again, w.bits as bits_again, w.bits - lag(w.bits) over (partition by s.candidate order by s.step) as gain
    from candidate_steps as s
    join reported_candidates as b on b.candidate = s.candidate
    join set_weights as w on w.candidate = s.candidate and w.name = 'step ' || s.step
),
ended as (
    select b.campaign_id, a.account_id
    from reported_candidates as b
    join step_accounts as a on a.candidate = b.candidate
    where a.step = (select max(step) from candidate_steps as s where s.candidate = b.candidate)
),
stated as (
    select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as campaign_id, account_id
    from accounts
    where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select campaign_id from reported_candidates)
)
select campaign_id || ': sets that competed' as name, n_tried::varchar as stated, n_sets::varchar as recomputed, n_tried = n_sets as holds
from rivals where rule in ('heaviest', 'reworded')
union all
select campaign_id || ': most bits of a set', round(bits, 3)::varchar, round(most, 3)::varchar, is_there and most < bits + 0.001
from rivals where rule = 'heaviest'
union all
select campaign_id || ': no set that ties hold weighs enough', 'less than ' || 10.0, round(most, 3)::varchar, most < 10.0
from rivals where rule <> 'heaviest'
union all
select campaign_id || ': accounts after step ' || step, n_accounts::varchar, n_again::varchar, n_accounts = n_again
from steps
union all
select campaign_id || ': bits after step ' || step, round(bits, 3)::varchar, round(bits_again, 3)::varchar, abs(bits - bits_again) < 0.001
from steps where rule not in ('heaviest', 'reworded')
union all
select campaign_id || ': bits gained by step ' || step, 'more than ' || 3, round(gain, 3)::varchar, gain > 3
from steps where rule = 'growth'
union all
select campaign_id || ': accounts in which the steps and the table of accounts differ', '0', sum(n)::varchar, sum(n) = 0
from (
    select coalesce(e.campaign_id, s.campaign_id) as campaign_id, (e.account_id is null or s.account_id is null)::int as n
    from ended as e
    full join stated as s on s.account_id = e.account_id and s.campaign_id = e.campaign_id
)
where campaign_id in (select campaign_id from reported_candidates)
group by campaign_id
union all
select campaign_id || ': members that nothing holds', '0', count(*) filter (not is_held)::varchar, bool_and(is_held)
from membership where campaign_id in (select campaign_id from reported_candidates)
group by campaign_id
order by name;
create or replace temp view accounts as from read_parquet(['findings/accounts.parquet']);
create or replace temp view campaigns as from read_parquet(['findings/campaigns.parquet']);
create or replace temp view explained_groups as from read_parquet(['findings/explained_groups.parquet']);
create or replace temp view candidate_members as
select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as candidate_id, account_id
from accounts
where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select group_id from explained_groups);
create or replace temp view template_exchanges as from read_parquet(['data/template_exchanges.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view candidate_templates as
select campaign_id as candidate_id, unnest(templates) as template_id from campaigns
union all select group_id, unnest(templates) from explained_groups;
create or replace temp table candidate_exchanges as
with carried as (
    select distinct m.candidate_id, e.record_id, e.account_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    join candidate_members as m on m.candidate_id = t.candidate_id and m.account_id = e.account_id
)
select candidate_id, record_id, account_id, started_at from carried
union all
select m.candidate_id, e.record_id, e.account_id, e.started_at
from candidate_members as m
anti join candidate_templates as t on t.candidate_id = m.candidate_id
join exchange_features as e on e.account_id = m.account_id;
create or replace temp table candidate_features as
select c.candidate_id, e.*
from candidate_exchanges as c
join exchange_features as e on e.record_id = c.record_id;
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp table candidate_tenancy as
-- An organisation has tenants (its departments, its projects), so it comes first.
-- A source that names no tenant for anybody says nothing about tenants; in one that does, an account without a tenant is a customer of its own,
-- unless it is paid like most of the others: keys that one customer renews look like that.
with naming_sources as (
    select distinct split_part(record_id, ':', 1) as source from exchange_features where tenant_id is not null
),
in_naming_source as (
    select distinct e.account_id
    from exchange_features as e
    semi join candidate_members as m on m.account_id = e.account_id
    semi join naming_sources as s on s.source = split_part(e.record_id, ':', 1)
),
common_payers as (
    select m.candidate_id, p.payment_fingerprint
    from candidate_members as m
    join account_profiles as p on p.account_id = m.account_id
    where p.payment_fingerprint is not null
    group by m.candidate_id, p.payment_fingerprint
    qualify count(*) >= 0.5 * sum(count(*)) over (partition by m.candidate_id)
),
members as (
    select
        m.candidate_id,
        m.account_id,
        case
            when k.reason in ('organisation', 'tenant') then k.customer
            when n.account_id is not null and c.payment_fingerprint is null then k.named_customer
        end as customer
    from candidate_members as m
    left join customers as k on k.account_id = m.account_id
    left join account_profiles as p on p.account_id = m.account_id
    left join in_naming_source as n on n.account_id = m.account_id
    left join common_payers as c on c.candidate_id = m.candidate_id and c.payment_fingerprint = p.payment_fingerprint
),
sizes as (
    select candidate_id, customer, count(*) as n
    from members
    where customer is not null
    group by candidate_id, customer
),
largest as (
    select
        candidate_id,
        max(n) as n_largest,
        sum(n) filter (where place <= 6)::bigint as n_of_six_largest,
        sum(n)::bigint as n_known,
        count(*) as n_customers
    from (select candidate_id, n, row_number() over (partition by candidate_id order by n desc, customer) as place from sizes)
    group by candidate_id
),
payers as (
    select m.candidate_id, p.payment_fingerprint, count(*) as n
    from candidate_members as m
    join account_profiles as p on p.account_id = m.account_id
    where p.payment_fingerprint is not null
    group by m.candidate_id, p.payment_fingerprint
),
largest_payer as (
    select candidate_id, max(n) as n_largest, sum(n)::bigint as n_known, count(*) as n_customers
    from payers
    group by candidate_id
),
counted as (
    select candidate_id, count(*) as n_accounts from candidate_members group by candidate_id
),
placed as (
    select
        c.candidate_id,
        c.n_accounts,
        -- Unknown if fewer than half of the members can be placed.
        coalesce(l.n_known >= 0.5 * c.n_accounts, false) as by_tenant,
        coalesce(p.n_known >= 0.5 * c.n_accounts, false) as by_payer,
        l.n_largest,
        l.n_of_six_largest,
        l.n_known,
        l.n_customers,
        p.n_largest as n_payer,
        p.n_known as n_paid,
        p.n_customers as n_payers
    from counted as c
    left join largest as l on l.candidate_id = c.candidate_id
    left join largest_payer as p on p.candidate_id = c.candidate_id
)
-- Many payers are many customers; one payer for most is one customer or one stolen card, so that it leaves the share unknown.
select
    candidate_id,
    n_accounts,
    by_tenant,
    by_payer,
    n_payer,
    case when by_tenant then 'organisation or tenant' when by_payer and n_payer < 0.5 * n_paid then 'payment method' end as told_by,
    case when by_payer then n_payer / n_paid end as payer_share,
    case when by_tenant then n_largest when by_payer and n_payer < 0.5 * n_paid then n_payer end as n_largest,
    case when by_tenant then n_known when by_payer and n_payer < 0.5 * n_paid then n_paid end as n_known,
    case when by_tenant then n_customers when by_payer and n_payer < 0.5 * n_paid then n_payers end as n_customers,
    case when by_tenant then n_of_six_largest / n_known end as six_largest_share,
    case when by_tenant then n_largest / n_known when by_payer and n_payer < 0.5 * n_paid then n_payer / n_paid end as largest_share
from placed;
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table candidate_carriers as
with carried as (
    select distinct t.candidate_id, e.account_id, e.record_id, e.started_at
    from candidate_templates as t
    join template_exchanges as e on e.template_id = t.template_id
    union all
    select m.candidate_id, e.account_id, e.record_id, e.started_at
    from candidate_members as m
    anti join candidate_templates as t on t.candidate_id = m.candidate_id
    join exchange_features as e on e.account_id = m.account_id
)
select candidate_id, account_id, count(*) as n_exchanges, count(distinct started_at::date) as n_days
from carried
group by candidate_id, account_id;
create or replace temp view account_calls as from read_parquet(['data/account_calls.parquet']);
create or replace temp view campaign_facts as from read_parquet(['findings/campaign_facts.parquet']);
create or replace temp table egress as
with counted as (
    select m.candidate_id, e.client_ip, count(*) as n, count(distinct e.account_id) as n_accounts
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id, e.client_ip
),
placed as (
    select *, row_number() over (partition by candidate_id order by n desc, client_ip) as place from counted
),
members as (
    select m.candidate_id, count(distinct e.account_id) as n_members
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    where e.client_ip is not null
    group by m.candidate_id
),
-- The program and the parameters with which every member mostly calls.
used as (
    select m.candidate_id, e.account_id, x.kind, x.template, count(*) as n
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
    cross join lateral (values ('program', e.program_template), ('parameters', e.parameter_template)) as x (kind, template)
    where x.template is not null
    group by all
),
mostly as (
    select candidate_id, account_id, kind, arg_max(template, (n, template)) as template from used group by all
),
manners as (
    select candidate_id, kind, max(n) / sum(n) as share
    from (select candidate_id, kind, template, count(*) as n from mostly group by all)
    group by candidate_id, kind
),
alike as (
    select candidate_id, round(max(share), 6) as share from manners group by candidate_id having count(*) filter (kind = 'program') > 0
)
select
    c.candidate_id,
    round(coalesce(sum(c.n) filter (
        where c.n_accounts >= 0.25 * m.n_members or (c.place <= 3 and c.n_accounts >= 0.1 * m.n_members)), 0) / sum(c.n), 6) as common_share,
    sum(c.n)::bigint as n_known,
    any_value(a.share) as alike_share
from placed as c
join members as m on m.candidate_id = c.candidate_id
left join alike as a on a.candidate_id = c.candidate_id
group by c.candidate_id
order by c.candidate_id;
create or replace temp table nights as
with hours as (
    select distinct m.candidate_id, e.account_id, epoch_us(e.started_at) // 3_600_000_000 as hour
    from candidate_members as m
    join exchange_features as e on e.account_id = m.account_id
),
judged as (
    select candidate_id, account_id, count(*) as n_hours
    from hours
    group by candidate_id, account_id
    having count(*) >= 20 and count(distinct hour // 24) >= 5
),
by_clock as (
    select candidate_id, account_id, hour % 24 as clock_hour, count(*) as n from hours group by all
),
quietest as (
    select j.candidate_id, j.account_id, j.n_hours, night.begin_hour, coalesce(sum(c.n), 0) as n
    from judged as j
    cross join (select unnest(range(24)) as begin_hour) as night
    left join by_clock as c
        on c.candidate_id = j.candidate_id and c.account_id = j.account_id and (c.clock_hour - night.begin_hour + 24) % 24 < 6
    group by all
),
rested as (
    select candidate_id, account_id, min(n) >= 0.1 * any_value(n_hours) as is_awake
    from quietest
    group by candidate_id, account_id
)
select candidate_id, count(*)::bigint as n_judged, count(*) filter (where is_awake)::bigint as n_awake
from rested
group by candidate_id
order by candidate_id;
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
create or replace temp table passing_ties as
select kind, record_id, account_id, other_account_id, work
from work_ties
where relation <> 'same' and account_id not in (select account_id from households);
create or replace temp view candidate_steps as from read_parquet(['findings/candidate_steps.parquet']);
create or replace temp table reported_candidates as
select * exclude (step, added, removed)
from candidate_steps
where step = 1 and campaign_id is not null
order by campaign_id
limit 10;
create or replace temp view campaign_explanations as from read_parquet(['findings/campaign_explanations.parquet']);
insert into checks
select a.campaign_id || ': ' || a.name, x.outcome || ': ' || x.statement, a.outcome || ': ' || a.statement,
    x.outcome = a.outcome and x.statement = a.statement
from (
select candidate_id as campaign_id, 'confounder.class' as name, case verdict when 'rebutted' then 'excluded' when 'partly' then 'in part' when 'applies' then 'fits' when 'not_checkable' then 'cannot tell' end as outcome, statement from (
with totals as (
    select
        candidate_id,
        count(*) as n_exchanges,
        count(ip_prefix) as n_with_network,
        date_diff('second', min(started_at), max(started_at)) / 86400 as n_days
    from candidate_features
    group by candidate_id
),
networks as (
    select candidate_id, max(n) as n_largest
    from (select candidate_id, ip_prefix, count(*) as n from candidate_features where ip_prefix is not null group by candidate_id, ip_prefix)
    group by candidate_id
),
hours as (
    select t.candidate_id, h.hour, count(e.record_id) as n
    from totals as t
    cross join range(24) as h (hour)
    left join candidate_features as e on e.candidate_id = t.candidate_id and hour(e.started_at) = h.hour
    group by t.candidate_id, h.hour
),
quiet as (
    select a.candidate_id, min(a.n + b.n + c.n + d.n + e.n + f.n) as n
    from hours as a
    join hours as b on b.candidate_id = a.candidate_id and b.hour = (a.hour + 1) % 24
    join hours as c on c.candidate_id = a.candidate_id and c.hour = (a.hour + 2) % 24
    join hours as d on d.candidate_id = a.candidate_id and d.hour = (a.hour + 3) % 24
    join hours as e on e.candidate_id = a.candidate_id and e.hour = (a.hour + 4) % 24
    join hours as f on f.candidate_id = a.candidate_id and f.hour = (a.hour + 5) % 24
    group by a.candidate_id
),
members as (
    select m.candidate_id, m.account_id, p.email_domain
    from candidate_members as m
    left join account_profiles as p on p.account_id = m.account_id
),
sizes as (
    select candidate_id, count(*) as n_accounts, count(email_domain) as n_with_domain from members group by candidate_id
),
domains as (
    select candidate_id, email_domain, count(*) as n from members where email_domain is not null group by candidate_id, email_domain
),
everybody as (
    select email_domain, count(*) as n, sum(count(*)) over () as n_all from account_profiles where email_domain is not null group by email_domain
),
own_domains as (
    select d.candidate_id, max(d.n) as n_largest
    from domains as d
    join everybody as a on a.email_domain = d.email_domain
    join sizes as s on s.candidate_id = d.candidate_id
    where a.n - d.n <= 0.1 * greatest(1, a.n_all - s.n_with_domain)
    group by d.candidate_id
),
measured as (
    select
        s.candidate_id,
        s.n_accounts,
        coalesce(t.n_exchanges, 0) as n_exchanges,
        case when t.n_with_network >= 0.5 * t.n_exchanges then n.n_largest / t.n_with_network end as network_share,
        case when s.n_with_domain >= 0.5 * s.n_accounts then coalesce(o.n_largest, 0) / s.n_with_domain end as domain_share,
        case when t.n_days >= 3 then q.n / t.n_exchanges end as quiet_share
    from sizes as s
    left join totals as t on t.candidate_id = s.candidate_id
    left join networks as n on n.candidate_id = s.candidate_id
    left join own_domains as o on o.candidate_id = s.candidate_id
    left join quiet as q on q.candidate_id = s.candidate_id
),
judged as (
    select
        *,
        -- Three-valued: an unknown condition leaves the explanation open unless another one fails.
        (network_share >= 0.8 or domain_share >= 0.8) and quiet_share <= 0.1 as is_explained,
        (network_share >= 0.5 or domain_share >= 0.5) and quiet_share <= 0.1 as is_partly
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(greatest(network_share, domain_share), 6) as value,
    0.8::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_explained or is_partly then 'The group is consistent with people of one place who keep common hours: '
            when not is_partly then 'The group is not a class or team in one place: '
            else 'Whether the group is a class or team in one place cannot be settled: '
        end,
        array_to_string(
            [
                coalesce(format('{:.1f} % of its requests come from one network', 100 * network_share), case when is_partly is null then 'addresses are not known' end),
                coalesce(format('{:.1f} % of its accounts share a mail domain that is rare elsewhere', 100 * domain_share), case when is_partly is null then 'mail domains are not known' end),
                coalesce(format('{:.1f} % of its requests fall into its quietest six hours of the day', 100 * quiet_share), case when is_partly is null then 'the log is too short for a daily rhythm' end)
            ], ', '),
        '.') as statement
from judged
order by candidate_id
)
) as a
join reported_candidates as r on r.campaign_id = a.campaign_id
left join campaign_explanations as x on x.campaign_id = a.campaign_id and x.explanation_id = a.name;
insert into checks
select a.campaign_id || ': ' || a.name, x.outcome || ': ' || x.statement, a.outcome || ': ' || a.statement,
    x.outcome = a.outcome and x.statement = a.statement
from (
select candidate_id as campaign_id, 'confounder.evaluation_run' as name, case verdict when 'rebutted' then 'excluded' when 'partly' then 'in part' when 'applies' then 'fits' when 'not_checkable' then 'cannot tell' end as outcome, statement from (
with vocabulary as (
    select template_id from templates where regexp_matches(lower(template_text), 'multiple choice question|answer with (only )?(the )?(letter|option)|choose the (correct|best) (answer|option)|select the correct (answer|option)|complete the following (python )?(function|code)|solve the following (math )?problem|final answer|the answer is|you are a fair judge assistant|###task description')
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
        (vocabulary_share >= 0.5 or zero_share >= 0.8)
            and n_days <= 7
            and (largest_share >= 0.8 or network_share >= 0.8) as is_explained
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when not is_explained then 'rebutted' else 'not_checkable' end as verdict,
    round(greatest(vocabulary_share, zero_share), 6) as value,
    0.5::double as baseline,
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
)
) as a
join reported_candidates as r on r.campaign_id = a.campaign_id
left join campaign_explanations as x on x.campaign_id = a.campaign_id and x.explanation_id = a.name;
insert into checks
select a.campaign_id || ': ' || a.name, x.outcome || ': ' || x.statement, a.outcome || ': ' || a.statement,
    x.outcome = a.outcome and x.statement = a.statement
from (
select candidate_id as campaign_id, 'confounder.product_default' as name, case verdict when 'rebutted' then 'excluded' when 'partly' then 'in part' when 'applies' then 'fits' when 'not_checkable' then 'cannot tell' end as outcome, statement from (
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
    having count(distinct t.account_id) >= 0.2 * min(s.n_senders)
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
        account_share >= 0.01
        and typical_share < 0.7
        and customer_share >= 0.5
        and coalesce(text_share >= 0.5, true) as is_explained,
        account_share >= 0.01
        and typical_share < 0.85
        and customer_share >= 0.5
        and coalesce(text_share >= 0.5, true) as is_partly
    from measured
)
select
    candidate_id,
    case when is_explained then 'applies' when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(typical_share, 6) as value,
    0.7::double as baseline,
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
)
) as a
join reported_candidates as r on r.campaign_id = a.campaign_id
left join campaign_explanations as x on x.campaign_id = a.campaign_id and x.explanation_id = a.name;
insert into checks
select a.campaign_id || ': ' || a.name, x.outcome || ': ' || x.statement, a.outcome || ': ' || a.statement,
    x.outcome = a.outcome and x.statement = a.statement
from (
select candidate_id as campaign_id, 'confounder.vendor' as name, case verdict when 'rebutted' then 'excluded' when 'partly' then 'in part' when 'applies' then 'fits' when 'not_checkable' then 'cannot tell' end as outcome, statement from (
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
        case when s.n_paid >= 0.5 * s.n_accounts then s.n_payers / s.n_paid end as payer_share,
        case when s.n_signed_up >= 0.5 * s.n_accounts then d.n_largest / s.n_signed_up end as signup_share
    from sizes as s
    left join days as d on d.candidate_id = s.candidate_id
    left join totals as t on t.candidate_id = s.candidate_id
),
judged as (
    select *, payer_share >= 0.8 and signup_share <= 0.2 as is_partly from measured
)
select
    candidate_id,
    case when is_partly then 'partly' when not is_partly then 'rebutted' else 'not_checkable' end as verdict,
    round(payer_share, 6) as value,
    0.8::double as baseline,
    n_exchanges,
    n_accounts,
    concat(
        case
            when is_partly then 'The group is consistent with independent customers, as those of one vendor are, and the members of a class: '
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
)
) as a
join reported_candidates as r on r.campaign_id = a.campaign_id
left join campaign_explanations as x on x.campaign_id = a.campaign_id and x.explanation_id = a.name;
insert into checks
select a.campaign_id || ': ' || a.name, x.outcome || ': ' || x.statement, a.outcome || ': ' || a.statement,
    x.outcome = a.outcome and x.statement = a.statement
from (
with recursive members as (
    select r.campaign_id, a.*
    from candidate_members as m
    join reported_candidates as r on r.campaign_id = m.candidate_id
    join account_calls as a on a.account_id = m.account_id
),
sizes as (
    select
        campaign_id, count(*) as n,
        count(*) filter (coalesce(nullif(organization, ''), nullif(tenant_id, ''), nullif(email_domain, '')) is not null) as n_named
    from members
    group by campaign_id
),
counted as (
    select
        *, lower(title[1]) || title[2:] as named,
        n_quick >= greatest(1, 0.5 * n_apart) as is_quick
    from campaign_facts
    where is_counted
),
has as (
    select
        s.campaign_id, coalesce(list(f.fact_id) filter (f.fact_id is not null), []) as ids,
        coalesce(bool_or(f.is_telling and f.kind = 'coordination'), false) as is_passed_on
    from sizes as s
    left join counted as f on f.campaign_id = s.campaign_id
    group by s.campaign_id
),
-- People sleep, each at hours of their own: accounts that call around the clock for days are none.
sleepless as (
    select s.campaign_id, format(
        'People sleep: {:,} of the {:,} accounts with calls enough to show it call around the clock, in the six hours of the day in which they call least as well.',
        n.n_awake, n.n_judged) as words
    from sizes as s
    join nights as n on n.candidate_id = s.campaign_id
    where n.n_judged >= 0.5 * s.n and n.n_awake >= greatest(5, 0.5 * n.n_judged)
),
-- One customer, or a few: accounts that share a tenant, an organisation or a payer are one; and so without payers.
names as (
    select distinct campaign_id, by_payer, 'account ' || account_id as a, kind || ' ' || name as b
    from (unpivot members on tenant_id, organization, payment_fingerprint into name kind value name)
    cross join (select unnest([true, false]) as by_payer)
    where name <> '' and (by_payer or kind <> 'payment_fingerprint')
),
ways as (
    select campaign_id, by_payer, a, b from names
    union all
    select campaign_id, by_payer, b, a from names
),
labels as (
    select 0 as round, campaign_id, by_payer, a as node, a as label from ways group by all
    union all
    select round, campaign_id, by_payer, node, label
    from (
        select
            l.round + 1 as round, l.campaign_id, l.by_payer, l.node, least(l.label, min(o.label)) as label,
            bool_or(l.label > min(o.label)) over (partition by l.campaign_id, l.by_payer) as is_changing
        from labels as l
        join ways as w on w.campaign_id = l.campaign_id and w.by_payer = l.by_payer and w.a = l.node
        join labels as o on o.campaign_id = l.campaign_id and o.by_payer = l.by_payer and o.node = w.b
        group by l.round, l.campaign_id, l.by_payer, l.node, l.label
    )
    where is_changing
),
customers as (
    select campaign_id, by_payer, label, count(*) filter (starts_with(node, 'account ')) as n
    from (select * from labels qualify round = max(round) over (partition by campaign_id, by_payer))
    group by campaign_id, by_payer, label
),
known as (
    select
        s.campaign_id, p.by_payer, s.n, coalesce(sum(c.n), 0)::bigint as n_known, count(c.n) as n_customers, coalesce(max(c.n), 0) as n_largest,
        coalesce(list_sum(list_sort(list(c.n) filter (c.n is not null), 'desc')[:3]), 0)
            >= 0.8 * coalesce(sum(c.n), 0) as are_few
    from sizes as s
    cross join (select unnest([true, false]) as by_payer) as p
    left join customers as c on c.campaign_id = s.campaign_id and c.by_payer = p.by_payer
    group by all
),
domains as (
    select d.campaign_id, d.n, (select count(*) from account_calls as a where a.email_domain = d.email_domain) - d.n as n_elsewhere
    from (select campaign_id, email_domain, count(*) as n from members where email_domain <> '' group by all) as d
    qualify row_number() over (partition by d.campaign_id order by d.n desc, d.email_domain desc) = 1
),
one_domain as (
    select
        s.campaign_id, 'operator.one_domain' as name,
        case when d.n is null then 'in part' when d.n >= 0.8 * s.n and d.n_elsewhere < d.n then 'fits' else 'excluded' end as outcome,
        coalesce(
            format('The most common mail domain has {:,} of the {:,} accounts, and {:,} others of the log.', d.n, s.n, d.n_elsewhere),
            'No mail domain is known.') as statement
    from sizes as s
    left join domains as d on d.campaign_id = s.campaign_id
),
placed as (
    select
        s.campaign_id, e.*, list_contains(h.ids, 'payment') and o.outcome = 'excluded' as is_paid,
        (
            select string_agg(f.named, ', ' order by f.place)
            from counted as f
            where f.campaign_id = s.campaign_id
                and (
                    f.fact_id = 'takeover'
                    or (f.fact_id = 'answer' and list_contains(h.ids, 'handover'))
                    or (f.fact_id = 'conversation' and f.n_unforced >= 0.5 * f.n_apart)
                    or (f.fact_id = 'signup' and f.is_beyond_payers and (list_contains(h.ids, 'handover') or not f.is_of_one_day))
                )
        ) as beyond,
        list_contains(h.ids, 'handover') and coalesce(e.alike_share, 1) < 0.5 as are_many,
        case when e.common_share > 0 and e.common_share < 0.0005 then '< 0.1 %' when 100 * e.common_share >= 99.95 and e.common_share < 1 then '> 99.9 %' else format('{:.1f} %', 100 * e.common_share) end as common_words,
        case when e.alike_share > 0 and e.alike_share < 0.0005 then '< 0.1 %' else format('{:.1f} %', 100 * e.alike_share) end as alike_words
    from sizes as s
    join has as h on h.campaign_id = s.campaign_id
    join one_domain as o on o.campaign_id = s.campaign_id
    left join egress as e on e.candidate_id = s.campaign_id
),
one_egress as (
    select
        campaign_id, 'operator.one_egress' as name,
        case when common_share is null then 'in part' when common_share >= 0.8 and not (is_paid and (beyond is not null or are_many)) then 'fits' else 'excluded' end as outcome,
        coalesce(
            format('{} of {:,} calls with a logged address come from addresses that a quarter of the accounts use, or from those of the three busiest that a tenth of them use.', common_words, n_known) || case
                when common_share < 0.8 or not is_paid then ''
                when beyond is not null then format(' But one pays for several customers, who are not of one mail domain that is rare elsewhere, and a service does not produce what else is seen: {}.', beyond)
                when are_many then format(
                    ' But one pays for several customers, who are not of one mail domain that is rare elsewhere, and refused calls go on between different programs: the most common one, or set of parameters, is that of {} of the accounts.', alike_words)
                else '' end,
            'No client address is logged, so that it is not known from where the calls come.') as statement
    from placed
),
few_judged as (
    select
        k.campaign_id, k.n, k.n_known, k.n_customers, k.n_largest, u.n_customers as n_named, k.n_largest >= 0.5 * k.n_known as is_one, k.are_few,
        u.n_known < 0.8 * k.n or u.are_few or not list_contains(h.ids, 'handover') or e.outcome <> 'excluded' or d.outcome <> 'excluded' as stay_few
    from known as k
    join known as u on u.campaign_id = k.campaign_id and not u.by_payer
    join has as h on h.campaign_id = k.campaign_id
    join one_egress as e on e.campaign_id = k.campaign_id
    join one_domain as d on d.campaign_id = k.campaign_id
    where k.by_payer
),
few_customers as (
    select
        campaign_id, 'operator.few_customers' as name,
        case when n_known < 0.5 * n then 'cannot tell' when is_one or (are_few and stay_few) then 'fits' else 'excluded' end as outcome,
        format('The log names the tenant, organisation or payer of {:,} of {:,} accounts', n_known, n) || case
            when n_known < 0.5 * n then '; the others may belong to one customer.'
            else format(': {:,} customers, of which the largest has {:,} accounts.', n_customers, n_largest) || if(
                are_few and not is_one and not stay_few,
                format(' But they are {:,} by tenant and organisation, and refused calls go on between different payers, from many places, and not under one mail domain that is rare elsewhere: who pays for clients calls from own machines, or leaves each client its key.', n_named),
                '') end as statement
    from few_judged
),
handed as (
    select a.campaign_id, t.other_account_id as taker, count(*) as n
    from passing_ties as t
    join members as a on a.account_id = t.account_id
    join members as b on b.account_id = t.other_account_id and b.campaign_id = a.campaign_id
    where t.kind = 'handover'
    group by all
),
takers as (
    select
        s.campaign_id, coalesce(sum(h.n), 0)::bigint as n_ties,
        coalesce(list_sort(list(h.n) filter (h.n is not null), 'desc')[:floor(0.1 * s.n)::bigint], []) as most
    from sizes as s
    left join handed as h on h.campaign_id = s.campaign_id
    group by s.campaign_id, s.n
),
spare_keys as (
    select
        t.campaign_id, 'operator.spare_keys' as name,
        if(coalesce(list_sum(t.most), 0) >= greatest(0.8 * t.n_ties, 3 * len(t.most), 1) and not list_contains(h.ids, 'payment'), 'fits', 'excluded') as outcome,
        if(t.n_ties > 0,
            format('{:,} of {:,} hand-overs go to the {:,} accounts that take most.', coalesce(list_sum(t.most), 0)::bigint, t.n_ties, len(t.most)),
            'No refused call goes on at another customer''s account.') as statement
    from takers as t
    join has as h on h.campaign_id = t.campaign_id
),
produced as (
    select
        s.campaign_id,
        ['handover', 'synchrony']
        || if(list_has_any(h.ids, ['conversation', 'answer']), ['conversation', 'answer', 'rewording'], [])
        || if(list_has_any(h.ids, ['conversation', 'answer']) and not list_contains(h.ids, 'handover'), ['signup', 'network'], [])
        || if(list_has_any(h.ids, ['conversation', 'answer']) and s.n_named < 0.5 * s.n, ['payment'], []) as ids
    from sizes as s
    join has as h on h.campaign_id = s.campaign_id
),
common_program as (
    select
        p.campaign_id, 'operator.common_program' as name, if(count(f.fact_id) > 0, 'excluded', 'cannot tell') as outcome,
        coalesce(
            'They do not produce what else is seen here: ' || string_agg(f.named, ', ' order by f.place) || '.',
            'Nothing is seen that they do not produce: calls that go on elsewhere, texts that are passed on, common news, one day of sign-ups.') as statement
    from produced as p
    left join counted as f on f.campaign_id = p.campaign_id and f.is_telling and not list_contains(p.ids, f.fact_id) and not f.is_of_one_day
    group by p.campaign_id
),
said as (
    select f.campaign_id, 1 as part, f.place, format('{:,} of {:,} came within {:g} seconds: {}.', f.n_quick, f.n_apart, 20.0::double, f.named) as words
    from counted as f
    join has as h on h.campaign_id = f.campaign_id
    where f.is_quick and (f.fact_id = 'conversation' or not list_contains(h.ids, 'conversation'))
    union all
    select campaign_id, 2, place, 'Whoever goes on does so with the program and the parameters of the refused account, where people use their own.'
    from counted as f where fact_id = 'manner' and not exists (from counted as t where t.campaign_id = f.campaign_id and t.fact_id = 'conversation')
    union all
    select campaign_id, 3, place, 'They share payment methods across customers.' from counted where fact_id = 'payment'
    union all
    select s.campaign_id, 4, 0, s.words
    from sleepless as s
    left join counted as f on f.campaign_id = s.campaign_id and f.fact_id = 'conversation'
    where f.fact_id is null or f.n_unforced >= 0.5 * f.n_apart
),
people as (
    select
        h.campaign_id, 'operator.people' as name, if(count(s.words) > 0 or not h.is_passed_on, 'excluded', 'cannot tell') as outcome,
        if(not h.is_passed_on, 'No work is passed on between customers often enough to count.', coalesce(
            string_agg(s.words, ' ' order by s.part, s.place), if(list_has_any(h.ids, ['handover', 'conversation', 'answer']), 'Work is passed on at a pace that people keep as well, and no payment in common counts.', 'Nothing is seen that people who know each other do not do.'))) as statement
    from has as h
    left join said as s on s.campaign_id = h.campaign_id
    group by h.campaign_id, h.is_passed_on, h.ids
)
from few_customers union all by name
from one_egress union all by name
from one_domain union all by name
from spare_keys union all by name
from common_program union all by name
from people
order by campaign_id, name
) as a
join reported_candidates as r on r.campaign_id = a.campaign_id
left join campaign_explanations as x on x.campaign_id = a.campaign_id and x.explanation_id = a.name;

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

select name, shown, stated, recomputed, case when agrees then 'equal' else 'DIFFERS' end as result from compared
union all
select name, null, stated, recomputed, case when holds then 'holds' else 'DOES NOT HOLD' end from checks
order by result, name;

select case
    when count(*) filter (not agrees) > 0 then error(count(*) filter (not agrees) || ' of ' || count(*) || ' numbers differ')
    when count(*) = 0 then error('the report holds no number')
    else 'all ' || count(*) || ' numbers are equal' end as result
from compared;

select case
    when bool_and(coalesce(holds, false)) is false
        then error(count(*) filter (not coalesce(holds, false)) || ' of ' || count(*) || ' checks of what the program chose do not hold')
    when count(*) = 0 then 'no group was reported, so that nothing was chosen'
    else 'all ' || count(*) || ' checks of what the program chose hold' end as result
from checks;
