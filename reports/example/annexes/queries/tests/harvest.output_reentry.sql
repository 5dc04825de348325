-- Answers given to some accounts come back as inputs of other accounts of the group
create or replace temp view account_attributes as from read_parquet(['data/account_attributes.parquet']);
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp view cluster_members as from read_parquet(['data/cluster_members.parquet']);
create or replace temp view templates as from read_parquet(['data/templates.parquet']);
create or replace temp table accounts_of_groups as
with members as (
    select a.value as group_id, a.account_id, a.n_exchanges
    from account_attributes as a
    semi join templates as t on t.template_id = a.value and t.kind = a.attribute and t.kind <> 'prompt' and t.n_accounts >= 10
    union all
    select m.cluster_id, m.account_id, p.n_exchanges
    from cluster_members as m
    join account_profiles as p on p.account_id = m.account_id
    qualify count(*) over (partition by m.cluster_id) >= 10
)
select
    group_id,
    account_id,
    n_exchanges
from members
order by group_id, account_id;
create or replace temp view all_group_accounts as select * from accounts_of_groups;
create or replace temp view customers as from read_parquet(['data/customers.parquet']);
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
create or replace temp view fingerprints as from read_parquet(['data/fingerprints.parquet']);
create or replace temp view group_accounts as select * from accounts_of_groups;
create or replace temp view carried_exchanges as
select near_template as group_id, * from exchange_features where near_template is not null
union all
select pace_template as group_id, * from exchange_features where pace_template is not null
union all
select parameter_template as group_id, * from exchange_features where parameter_template is not null
union all
select passage_template as group_id, * from exchange_features where passage_template is not null
union all
select prefix_template as group_id, * from exchange_features where prefix_template is not null
union all
select suffix_template as group_id, * from exchange_features where suffix_template is not null
union all
select system_template as group_id, * from exchange_features where system_template is not null;
create or replace temp view stored_group_exchanges as
select carried.*
from carried_exchanges as carried
semi join accounts_of_groups as a on a.group_id = carried.group_id
union all
select a.group_id, e.*
from exchange_features as e
join accounts_of_groups as a on a.account_id = e.account_id
where starts_with(a.group_id, 'cluster:');
create or replace temp view group_exchanges as select * from stored_group_exchanges;
create or replace temp table groups as
select
    group_id,
    split_part(group_id, ':', 1) as kind,
    sum(n_exchanges)::bigint as n_exchanges,
    count(*) as n_accounts
from group_accounts
group by group_id;
-- Keys: a followed passage, or the hash of a whole text as a number with the sign turned, so that the two never meet.
with followed as (
    select
        e.record_id,
        e.account_id,
        c.customer,
        epoch_us(e.started_at) as at_us,
        case when coalesce(e.response_chars, 80) >= 80 then -1 - (md5_number_lower(e.response_hash) >> 2)::bigint end as response_key,
        -1 - (md5_number_lower(e.prompt_hash) >> 2)::bigint as prompt_key,
        list_filter(f.response_passages, lambda passage: passage % 4 = 0) as response_passages,
        list_filter(f.prompt_passages, lambda passage: passage % 4 = 0) as prompt_passages
    from exchange_features as e
    join customers as c on c.account_id = e.account_id
    left join fingerprints as f on f.record_id = e.record_id
),
asked as (
    select key, record_id, account_id, customer, at_us
    from (
        select prompt_key as key, record_id, account_id, customer, at_us from followed
        union all
        select unnest(prompt_passages), record_id, account_id, customer, at_us from followed
    )
    where key is not null
),
answered as (
    select key, record_id, account_id, customer, at_us
    from (
        select response_key as key, record_id, account_id, customer, at_us from followed
        union all
        select unnest(response_passages), record_id, account_id, customer, at_us from followed
    )
    where key is not null
),
first_asked as (
    select key, min(at_us) as at_us from asked group by key
),
answers_of_accounts as (
    select a.key, a.account_id, min((a.at_us, a.record_id, a.customer)) as earliest
    from answered as a
    semi join first_asked as f on f.key = a.key
    group by a.key, a.account_id
),
-- A key counts if one account had it first, in an answer and before anybody asked with it, and no second account got it before that.
first_answers as (
    select
        key,
        account_id,
        earliest[1] as at_us,
        earliest[2] as record_id,
        earliest[3] as customer,
        lead(earliest[1]) over by_time as next_us,
        row_number() over by_time as position
    from answers_of_accounts
    window by_time as (partition by key order by earliest)
),
owned as (
    select a.key, a.account_id, a.at_us, a.record_id, a.customer
    from first_answers as a
    join first_asked as f on f.key = a.key
    where a.position = 1 and a.at_us < f.at_us and coalesce(a.next_us >= f.at_us, true)
),
returned as (
    select
        q.record_id,
        q.account_id,
        o.record_id as answer_id,
        o.account_id as source_account,
        q.at_us - o.at_us as delay_us,
        count(*) filter (where o.key >= 0) as n_common,
        count(*) filter (where o.key < 0) as n_exact
    from asked as q
    join owned as o on o.key = q.key and o.customer <> q.customer and o.at_us < q.at_us
    group by q.record_id, q.account_id, o.record_id, o.account_id, q.at_us - o.at_us
),
reentries as (
    select r.record_id, r.account_id, r.answer_id, r.source_account, r.delay_us, r.n_exact > 0 as is_exact
    from returned as r
    join followed as f on f.record_id = r.answer_id
    where r.n_exact > 0 or (r.n_common >= 2 and r.n_common >= 0.5 * len(f.response_passages))
),
large_groups as (
    select group_id, n_accounts from groups where n_accounts >= 20
),
sizes as (
    select e.group_id, count(*) as n
    from group_exchanges as e
    semi join large_groups as l on l.group_id = e.group_id
    where e.prompt_hash is not null
    group by e.group_id
    having count(*) >= 100
),
inside as (
    select
        e.group_id,
        count(distinct r.record_id) as n_reentries,
        count(distinct r.record_id) filter (where r.is_exact) as n_exact,
        count(distinct r.answer_id) as n_answers,
        count(distinct r.source_account) as n_source_accounts,
        count(distinct r.account_id) as n_target_accounts,
        count(distinct (r.source_account, r.account_id)) as n_pairs,
        median(r.delay_us) as median_delay_us
    from group_exchanges as e
    semi join sizes as z on z.group_id = e.group_id
    join reentries as r on r.record_id = e.record_id
    semi join group_accounts as g on g.group_id = e.group_id and g.account_id = r.source_account
    group by e.group_id
),
target_accounts as (
    select account_id, count(distinct record_id) as n from reentries group by account_id
),
prompts_of_accounts as (
    select account_id, count(prompt_hash) as n from exchange_features group by account_id
),
totals as (
    select sum(p.n)::bigint as n, coalesce(sum(t.n), 0)::bigint as n_reentries
    from prompts_of_accounts as p
    left join target_accounts as t on t.account_id = p.account_id
),
members as (
    select a.group_id, sum(p.n)::bigint as n, coalesce(sum(t.n), 0)::bigint as n_reentries
    from all_group_accounts as a
    semi join sizes as z on z.group_id = a.group_id
    join prompts_of_accounts as p on p.account_id = a.account_id
    left join target_accounts as t on t.account_id = a.account_id
    group by a.group_id
),
judged as (
    select
        z.group_id,
        z.n,
        l.n_accounts,
        coalesce(i.n_reentries, 0) as n_reentries,
        coalesce(i.n_exact, 0) as n_exact,
        coalesce(i.n_answers, 0) as n_answers,
        coalesce(i.n_source_accounts, 0) as n_source_accounts,
        coalesce(i.n_target_accounts, 0) as n_target_accounts,
        coalesce(i.n_pairs, 0) as n_pairs,
        i.median_delay_us,
        coalesce(i.n_reentries, 0) / nullif(z.n, 0) as share,
        coalesce((t.n_reentries - m.n_reentries) / nullif(t.n - m.n, 0), 0) as rest_share
    from sizes as z
    join large_groups as l on l.group_id = z.group_id
    join members as m on m.group_id = z.group_id
    left join inside as i on i.group_id = z.group_id
    cross join totals as t
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.05, 5 * rest_share), 6)
    and n_answers >= 30
    and n_source_accounts >= 10
    and n_target_accounts >= 10 as is_fired,
    share as value,
    rest_share as baseline,
    greatest(0.05, 5 * rest_share)::double as threshold,
    n as n_exchanges,
    n_accounts,
    n_reentries,
    n_exact,
    n_answers,
    n_source_accounts,
    n_target_accounts,
    n_pairs,
    round(median_delay_us / 1000000, 3) as median_delay_s
from judged
order by entity_id;
