/*---
id = "lib.group_exchanges"
grain = "one row per group and exchange"
description = "The exchanges of every group with all columns of exchange_features: those that carry the template, or all exchanges of the accounts of a cluster. No join on record_id is needed."
columns = ["group_id", "and all columns of exchange_features"]
---*/
with carried as (
    select system_template as group_id, * from exchange_features where system_template is not null
    union all
    select prefix_template, * from exchange_features where prefix_template is not null
    union all
    select suffix_template, * from exchange_features where suffix_template is not null
    union all
    select near_template, * from exchange_features where near_template is not null
    union all
    select passage_template, * from exchange_features where passage_template is not null
    union all
    select 'prompt:' || prompt_hash, * from exchange_features where prompt_hash is not null
    union all
    select parameter_template, * from exchange_features where parameter_template is not null
    union all
    select program_template, * from exchange_features where program_template is not null
    union all
    select pace_template, * from exchange_features where pace_template is not null
    union all
    select varied_template, * from exchange_features where varied_template is not null
    union all
    select mark_template, * from exchange_features where mark_template is not null
)
select carried.*
from carried
semi join accounts_of_groups as a on a.group_id = carried.group_id
union all
select a.group_id, e.*
from exchange_features as e
join accounts_of_groups as a on a.account_id = e.account_id
where starts_with(a.group_id, 'cluster:')
