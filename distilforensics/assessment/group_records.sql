/*---
reads = ["template_exchanges", "exchange_features"]
description = "Records that show a group: the first exchange of each of a few members, chosen by the hash of the record id, which nobody can choose"
[params]
---*/
with carried as (
    select w.candidate_id, w.group_id, e.record_id, e.account_id, e.started_at
    from wanted_groups as w
    join template_exchanges as e on e.template_id = w.group_id
    semi join candidate_members as m on m.candidate_id = w.candidate_id and m.account_id = e.account_id
    union all
    select w.candidate_id, w.group_id, e.record_id, e.account_id, e.started_at
    from wanted_groups as w
    join cluster_members as c on c.cluster_id = w.group_id
    join candidate_exchanges as e on e.candidate_id = w.candidate_id and e.account_id = c.account_id
),
first_of_account as (
    select candidate_id, group_id, record_id
    from carried
    qualify row_number() over (partition by candidate_id, group_id, account_id order by started_at, record_id) = 1
),
chosen as (
    select candidate_id, group_id, record_id
    from first_of_account
    qualify row_number() over (partition by candidate_id, group_id order by md5(record_id), record_id) <= $n_records
)
select candidate_id, group_id, list(record_id order by record_id) as record_ids
from chosen
group by candidate_id, group_id
order by candidate_id, group_id
