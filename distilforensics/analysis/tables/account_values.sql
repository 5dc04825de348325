/*---
title = "What every account has, sends and comes from, one row per value"
reads = ["account_profiles", "exchange_features", "exchanges", "next_prompts", "template_uses"]
partition = { account_profiles = "account_id", exchange_features = "account_id", exchanges = "account_id", next_prompts = "account_id", template_uses = "account_id" }
order = "attribute, value, account_id"
params.handover_us = "moment_us"
params.min_prompt_chars = "prompt_chars"
---*/
-- A prompt that was refused to one account and is next sent, within moments, by another one of another customer: both had it from one hand.
with handovers as (
    select n.record_id, n.account_id, n.next_account_id as next_account
    from next_prompts as n
    join exchange_features as e on e.record_id = n.record_id
    where e.status in ('limited', 'error', 'blocked')
        and n.next_customer <> n.customer
        and n.delay_us <= $handover_us
        and coalesce(e.prompt_chars, $min_prompt_chars) >= $min_prompt_chars
)
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
select account_id, kind, template_id, count(*) from template_uses group by account_id, kind, template_id
union all
select account_id, 'api_key', api_key_id, count(*) from exchanges
where account_id is not null and started_at is not null and api_key_id <> account_id
group by account_id, api_key_id
union all
select account_id, 'handover', 'handover:' || record_id, null from handovers
union all
select next_account, 'handover', 'handover:' || record_id, null from handovers
