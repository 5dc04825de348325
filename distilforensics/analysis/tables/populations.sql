/*---
reads = ["account_profiles", "exchange_features", "exchanges"]
driver = "medians over all accounts, and a sample of bounded size"
params.min_exchanges = { default = 20, unit = "exchanges", why = "ratios of accounts with fewer exchanges are mostly noise" }
params.min_turn_kinds = { default = 3, unit = "different numbers of turns", why = "calls with fixed examples in front always have the same number and are no conversations" }
params.min_whole_turns = { default = 40, unit = "turns of an account", why = "where a third of a log is missing, one account in a million shows this many without a gap" }
params.whole_share = { default = 0.95, unit = "share of these turns", why = "clients that rewrite a turn now and then" }
params.n_checked_accounts = { default = 500, unit = "accounts", why = "a median of 500 is known to about two percentile ranks; parsing the messages of all is slow" }
params.n_checked_exchanges = { default = 100, unit = "exchanges per account", why = "likewise" }
---*/
-- Where every exchange is logged, a conversation grows by a user turn and an answer per exchange; a sampled log shows longer steps.
with growing as (
    select session_id
    from exchange_features
    where session_id is not null and n_turns is not null
    group by session_id
    having min(n_turns) < max(n_turns)
),
steps as (
    select account_id, n_turns - lag(n_turns) over (partition by session_id order by started_at, n_turns, record_id) as step
    from exchange_features
    semi join growing using (session_id)
    where n_turns is not null
),
-- Likewise the user turn before the last one is the prompt of an exchange of its own.
conversing as (
    select account_id
    from exchange_features
    where n_turns >= 3
    group by account_id
    having count(distinct n_turns) >= $min_turn_kinds
    order by md5(account_id), account_id
    limit $n_checked_accounts
),
checked as (
    select e.account_id, e.record_id, e.n_turns
    from exchange_features as e
    semi join conversing as c on c.account_id = e.account_id
    where e.n_turns >= 3
    qualify row_number() over (partition by e.account_id order by md5(e.record_id), e.record_id) <= $n_checked_exchanges
),
earlier_turns as (
    select c.account_id, turn_content(x.messages_json, 'user', -2) as content
    from checked as c
    join exchanges as x on x.record_id = c.record_id
    where json_valid(x.messages_json) and json_type(x.messages_json) = 'ARRAY'
),
earlier_prompts as (
    select account_id, turn_hash(content) as prompt_hash from earlier_turns where is_one_text(content)
    union all
    select c.account_id, x.text_fingerprints.earlier_prompt_hash
    from checked as c
    join exchanges as x on x.record_id = c.record_id
    where x.text_fingerprints.earlier_prompt_hash is not null
),
known_prompts as (
    select distinct e.prompt_hash
    from exchange_features as e
    semi join earlier_prompts as p on p.prompt_hash = e.prompt_hash
),
conversations as (
    select 'conversation_steps' as measure, account_id, count(*) as n, avg(case when step <= 3 then 1 else 0 end) as share
    from steps
    where step > 0
    group by account_id
    having count(*) >= $min_turn_kinds
    union all
    select 'conversation_predecessors', p.account_id, count(*), count(k.prompt_hash) / nullif(count(*), 0)
    from earlier_prompts as p
    left join known_prompts as k on k.prompt_hash = p.prompt_hash
    where p.prompt_hash is not null
    group by p.account_id
    having count(*) >= $min_turn_kinds
),
measured as (
    select 'exchanges' as measure, n_exchanges::double as value from account_profiles
    union all
    select 'exchanges_per_active_day', n_exchanges / nullif(n_active_days, 0) from account_profiles where n_exchanges >= $min_exchanges
    union all
    select 'output_input_ratio', output_tokens / nullif(input_tokens, 0) from account_profiles where n_with_tokens >= $min_exchanges
    union all
    select 'prompt_diversity', n_distinct_prompts / nullif(n_with_prompt, 0) from account_profiles where n_with_prompt >= $min_exchanges
    union all
    select 'active_hours_of_week', n_active_hours_of_week::double from account_profiles where n_exchanges >= $min_exchanges
    union all
    select 'ips', n_ips::double from account_profiles where n_exchanges >= $min_exchanges and n_ips > 0
    union all
    select 'end_users', n_end_users::double from account_profiles where n_exchanges >= $min_exchanges
    union all
    select measure, share from conversations
    union all
    select 'whole_conversations', max(share) from conversations where n >= $min_whole_turns and share >= $whole_share group by account_id
),
centres as (
    select measure, median(value) as centre from measured where value is not null group by measure
)
select
    measured.measure,
    count(*) as n_accounts,
    round(median(measured.value), 6) as median,
    round(median(abs(measured.value - centres.centre)), 6) as mad,
    round(quantile_cont(measured.value, 0.9), 6) as p90,
    round(quantile_cont(measured.value, 0.99), 6) as p99
from measured
join centres on centres.measure = measured.measure
where measured.value is not null
group by measured.measure
order by measured.measure
