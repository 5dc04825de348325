-- The tables that cases leave out, derived from `exchange_features` in the simplest way. Statements run in this order;
-- `-- table:` names the table that the next statement fills if a case does not give it. They follow the feature queries
-- (a test compares both), without texts and without the sign-up attributes.

-- table: templates
with uses as (
    select system_template as template_id, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select prefix_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select suffix_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select near_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select passage_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select 'prompt:' || prompt_hash, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    where coalesce(prompt_chars, 16) >= 16
    union all
    select parameter_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select program_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select pace_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select varied_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
    union all
    select mark_template, account_id, tenant_id, prompt_hash, started_at, record_id from exchange_features
)
select
    template_id,
    split_part(template_id, ':', 1) as kind,
    count(*) as n_exchanges,
    count(distinct account_id) as n_accounts,
    count(distinct tenant_id) as n_tenants,
    count(distinct prompt_hash) as n_distinct_prompts,
    round(count(distinct account_id) / (select count(distinct account_id) from exchange_features), 6) as account_share,
    min(started_at) as first_seen,
    max(started_at) as last_seen,
    min(record_id) as sample_record_id
from uses
where template_id is not null
group by template_id
having count(distinct account_id) >= 3
order by template_id;

-- table: template_exchanges
with uses as (
    select system_template as template_id, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select prefix_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select suffix_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select near_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select passage_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select 'prompt:' || prompt_hash, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select parameter_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select program_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select pace_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select varied_template, record_id, account_id, started_at, prompt_hash from exchange_features
    union all
    select mark_template, record_id, account_id, started_at, prompt_hash from exchange_features
)
select uses.*
from uses
semi join templates on templates.template_id = uses.template_id
order by template_id, started_at, record_id;

-- table: reasoning_places
-- The first place of a signature: where it was received, else where it was sent first.
with origins as (
    select
        signature_sha256,
        arg_min(
            {'account_id': account_id, 'session_id': session_id, 'opening_hash': opening_hash, 'preceding_hash': preceding_hash},
            (not is_answer, first_seen, sample_record_id, preceding_hash, coalesce(session_id, ''))) as origin
    from reasoning_uses
    group by signature_sha256
)
select
    u.account_id,
    u.signature_sha256,
    u.n_exchanges,
    u.sample_record_id,
    u.account_id <> o.origin.account_id as is_of_other,
    (u.account_id <> o.origin.account_id or u.session_id is distinct from o.origin.session_id or u.session_id is null)
    and coalesce(u.opening_hash <> o.origin.opening_hash, false)
    and u.preceding_hash <> o.origin.preceding_hash
    and 'without text' not in (u.preceding_hash, o.origin.preceding_hash)
    and ('nothing' not in (u.preceding_hash, o.origin.preceding_hash) or u.account_id <> o.origin.account_id) as is_replay
from reasoning_uses as u
join origins as o on o.signature_sha256 = u.signature_sha256
where not u.is_answer
order by u.signature_sha256, u.account_id, u.sample_record_id, is_replay, is_of_other, u.n_exchanges;

-- table: account_profiles
with tenants as (
    select account_id, tenant_id, row_number() over (partition by account_id order by count(*) desc, tenant_id) as position
    from exchange_features
    where tenant_id is not null
    group by account_id, tenant_id
),
directory as (
    select
        account_id, min(created_at) as created_at, min(payment_fingerprint) as payment_fingerprint,
        min(email_domain) as email_domain, min(plan) as plan, min(organization) as organization
    from accounts_directory
    group by account_id
)
select
    e.account_id,
    min(t.tenant_id) as tenant_id,
    count(*) as n_exchanges,
    count(*) filter (where status = 'ok') as n_ok,
    count(*) filter (where status = 'limited') as n_limited,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    count(*) filter (where input_tokens is not null and output_tokens is not null) as n_with_tokens,
    min(started_at) as first_seen,
    max(started_at) as last_seen,
    count(distinct started_at::date) as n_active_days,
    count(distinct dayofweek(started_at) * 24 + hour(started_at)) as n_active_hours_of_week,
    count(distinct prompt_hash) as n_distinct_prompts,
    count(prompt_hash) as n_with_prompt,
    count(distinct client_ip) as n_ips,
    count(distinct ip_prefix) as n_ip_prefixes,
    count(distinct user_agent) as n_user_agents,
    count(distinct end_user_id) as n_end_users,
    count(distinct model) as n_models,
    min(d.created_at) as created_at,
    min(d.payment_fingerprint) as payment_fingerprint,
    min(d.email_domain) as email_domain,
    min(d.plan) as plan,
    min(d.organization) as organization
from exchange_features as e
left join tenants as t on t.account_id = e.account_id and t.position = 1
left join directory as d on d.account_id = e.account_id
group by e.account_id
order by e.account_id;

-- table: account_days
select account_id, started_at::date as day, count(*) as n_exchanges, sum(output_tokens)::bigint as output_tokens
from exchange_features
group by account_id, started_at::date
order by account_id, day;

-- table: account_attributes
with found as (
    select account_id, 'payment' as attribute, payment_fingerprint as value, null::bigint as n_exchanges from account_profiles
    union all
    select account_id, 'email_domain', email_domain, null from account_profiles
    union all
    select account_id, 'signup', strftime(created_at, '%Y-%m-%d %H:') || (minute(created_at) // 10)::varchar || '0', null from account_profiles
    union all
    select account_id, 'ip', client_ip, count(*) from exchange_features group by account_id, client_ip
    union all
    select account_id, 'ip_prefix', ip_prefix, count(*) from exchange_features group by account_id, ip_prefix
    union all
    select account_id, 'client', client, count(*) from exchange_features group by account_id, client
    union all
    select account_id, 'system', system_template, count(*) from exchange_features group by account_id, system_template
    union all
    select account_id, 'prefix', prefix_template, count(*) from exchange_features group by account_id, prefix_template
    union all
    select account_id, 'suffix', suffix_template, count(*) from exchange_features group by account_id, suffix_template
    union all
    select account_id, 'near', near_template, count(*) from exchange_features group by account_id, near_template
    union all
    select account_id, 'passage', passage_template, count(*) from exchange_features group by account_id, passage_template
    union all
    select account_id, 'prompt', 'prompt:' || prompt_hash, count(*) from exchange_features
    where coalesce(prompt_chars, 16) >= 16
    group by account_id, prompt_hash
    union all
    select account_id, 'parameters', parameter_template, count(*) from exchange_features group by account_id, parameter_template
    union all
    select account_id, 'program', program_template, count(*) from exchange_features group by account_id, program_template
    union all
    select account_id, 'pace', pace_template, count(*) from exchange_features group by account_id, pace_template
    union all
    select account_id, 'varied', varied_template, count(*) from exchange_features group by account_id, varied_template
    union all
    select account_id, 'mark', mark_template, count(*) from exchange_features group by account_id, mark_template
)
select account_id, attribute, value, n_exchanges
from found
where value is not null
qualify count(*) over (partition by attribute, value) >= 2
order by attribute, value, account_id;

-- table: populations
with steps as (
    select account_id, n_turns - lag(n_turns) over (partition by session_id order by started_at, n_turns, record_id) as step
    from exchange_features
    where session_id is not null and n_turns is not null
),
measured as (
    select 'exchanges' as measure, n_exchanges::double as value from account_profiles
    union all
    select 'exchanges_per_active_day', n_exchanges / nullif(n_active_days, 0) from account_profiles where n_exchanges >= 20
    union all
    select 'output_input_ratio', output_tokens / nullif(input_tokens, 0) from account_profiles where n_with_tokens >= 20
    union all
    select 'prompt_diversity', n_distinct_prompts / nullif(n_with_prompt, 0) from account_profiles where n_with_prompt >= 20
    union all
    select 'active_hours_of_week', n_active_hours_of_week::double from account_profiles where n_exchanges >= 20
    union all
    select 'ips', n_ips::double from account_profiles where n_exchanges >= 20 and n_ips > 0
    union all
    select 'end_users', n_end_users::double from account_profiles where n_exchanges >= 20
    union all
    select 'conversation_steps', avg(case when step <= 3 then 1 else 0 end) from steps where step > 0 group by account_id having count(*) >= 3
),
centres as (
    select measure, median(value) as centre from measured where value is not null group by measure
)
select
    m.measure,
    count(*) as n_accounts,
    round(median(m.value), 6) as median,
    round(median(abs(m.value - c.centre)), 6) as mad,
    round(quantile_cont(m.value, 0.9), 6) as p90,
    round(quantile_cont(m.value, 0.99), 6) as p99
from measured as m
join centres as c on c.measure = m.measure
where m.value is not null
group by m.measure
order by m.measure;

-- table: clusters
select
    cluster_id,
    count(*) as n_accounts,
    (sum(n_links) // 2)::bigint as n_links,
    round(sum(n_links) / nullif(count(*) * (count(*) - 1), 0), 6) as density
from cluster_members
group by cluster_id
order by cluster_id;
