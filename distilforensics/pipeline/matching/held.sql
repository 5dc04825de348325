-- What accounts can have in common with accounts of another log: one row per account, kind and value, with its calls. Reads `chosen_calls`.
-- Addresses, mail domains and names are left out: whoever holds the key could try all of them.
with calls as (
    select f.* from exchange_features as f semi join chosen_calls using (record_id)
),
passages as (
    select record_id, account_id, unnest(list_distinct(list_concat(coalesce(prompt_passages, []), coalesce(system_passages, [])))) as passage
    from fingerprints
    semi join chosen_calls using (record_id)
),
found as (
    select account_id, 'frame' as kind, prefix_template as value from calls where $has_texts
    union all
    select account_id, 'frame', suffix_template from calls where $has_texts
    union all
    select account_id, 'frame', system_template from calls where $has_texts
    union all
    select account_id, 'passage', passage::varchar from passages where $has_texts
    union all
    select account_id, 'prompt', prompt_hash from calls where $has_texts and coalesce(prompt_chars, 0) >= $min_text_chars
    union all
    select account_id, 'program', client from calls
    union all
    select account_id, 'parameters', parameter_template from calls
    union all
    select account_id, 'reasoning', signature_sha256 from reasoning_uses semi join calls using (account_id)
    union all
    select account_id, 'payment', payment_fingerprint from account_profiles semi join calls using (account_id)
)
select account_id, kind, value, count(*) as n_calls
from found
where value is not null
group by account_id, kind, value
