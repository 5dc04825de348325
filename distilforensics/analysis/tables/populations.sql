/*---
reads = ["exchange_features", "exchanges"]
driver = "medians over all accounts, and a sample of bounded size"
params.min_turn_kinds = { default = 3, unit = "different numbers of turns, and turns, of an account", why = "calls with fixed examples in front always have the same number and are no conversations" }
params.min_whole_turns = { default = 40, unit = "turns of an account", why = "where a third of a log is missing, one account in a million shows this many without a gap" }
params.whole_share = "nearly_all"
params.n_checked_accounts = "sampled_accounts"
params.n_checked_exchanges = "group_exchanges"
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
    select measure, share from conversations
    union all
    select 'whole_conversations', max(share) from conversations where n >= $min_whole_turns and share >= $whole_share group by account_id
)
select
    measure,
    count(*) as n_accounts,
    round(median(share), 6) as median
from measured
where share is not null
group by measure
order by measure
