/*---
table = "account_attributes"
reads = ["exchange_features", "account_profiles", "exchanges"]
[params]
min_accounts = { value = 2, unit = "accounts", why = "a value of one account cannot link" }
min_prompt_chars = { value = 16, unit = "characters", why = "as in templates" }
---*/
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
    where coalesce(prompt_chars, $min_prompt_chars) >= $min_prompt_chars
    group by account_id, prompt_hash
    union all
    select account_id, 'parameters', parameter_template, count(*) from exchange_features group by account_id, parameter_template
    union all
    select account_id, 'api_key', api_key_id, count(*) from exchanges
    where account_id is not null and started_at is not null and api_key_id <> account_id
    group by account_id, api_key_id
),
shared as (
    select attribute, value from found where value is not null group by attribute, value having count(*) >= $min_accounts
)
select found.account_id, found.attribute, found.value, found.n_exchanges
from found
semi join shared on shared.attribute = found.attribute and shared.value = found.value
order by found.attribute, found.value, found.account_id
