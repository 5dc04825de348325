/*---
table = "template_exchanges"
reads = ["exchange_features", "templates"]
[params]
---*/
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
select uses.template_id, uses.record_id, uses.account_id, uses.started_at, uses.prompt_hash
from uses
semi join templates on templates.template_id = uses.template_id
order by uses.template_id, uses.started_at, uses.record_id
