-- What the model refused one account is asked again by others
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
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
create or replace temp view next_prompts as from read_parquet(['data/next_prompts.parquet']);
with followed as (
    select
        e.record_id,
        e.account_id,
        e.is_refused,
        n.next_account_id as next_account,
        n.next_is_refused,
        n.next_model,
        e.model,
        n.delay_us <= 24 * 3600000000 as is_soon,
        n.customer = n.next_customer as is_same_customer
    from exchange_features as e
    left join next_prompts as n on n.record_id = e.record_id
    where e.prompt_hash is not null and e.is_refused is not null and coalesce(e.prompt_chars, 48) >= 48
),
marked as (
    select
        record_id,
        account_id,
        is_refused,
        coalesce(is_soon and next_account <> account_id and not is_same_customer, false) as is_shopped,
        coalesce(is_soon and next_account = account_id, false) as is_retried,
        coalesce(not next_is_refused, false) as is_answered_then,
        coalesce(next_model <> model, false) as is_other_model
    from followed
),
log_totals as (
    select count(*) filter (where is_refused) as n_refused, count(*) filter (where is_refused and is_shopped) as n_shopped
    from marked
),
-- Answered exchanges that nobody repeats are counted and not looked up.
group_totals as (
    select g.group_id, count(*) as n_all
    from group_exchanges as g
    where g.prompt_hash is not null and g.is_refused is not null and coalesce(g.prompt_chars, 48) >= 48
    group by g.group_id
),
of_interest as (
    select record_id, account_id, is_refused, is_shopped, is_retried, is_answered_then, is_other_model
    from marked
    where is_refused or is_shopped
),
per_group as (
    select
        g.group_id,
        count(*) filter (where m.is_refused) as n_refused,
        count(distinct m.account_id) filter (where m.is_refused) as n_accounts,
        count(*) filter (where m.is_refused and m.is_shopped) as n_shopped,
        count(distinct m.account_id) filter (where m.is_refused and m.is_shopped) as n_shopped_accounts,
        count(*) filter (where m.is_refused and m.is_shopped and m.is_answered_then) as n_answered_elsewhere,
        count(*) filter (where m.is_refused and m.is_shopped and m.is_other_model) as n_other_model,
        count(*) filter (where m.is_refused and m.is_retried) as n_retried,
        count(*) filter (where not m.is_refused and m.is_shopped) as n_after_answer
    from group_exchanges as g
    join of_interest as m on m.record_id = g.record_id
    group by g.group_id
    having count(*) filter (where m.is_refused) >= 20
),
judged as (
    select
        p.*,
        p.n_shopped / nullif(p.n_refused, 0) as share,
        coalesce(p.n_after_answer / nullif(t.n_all - p.n_refused, 0), 0) as share_after_answer,
        (l.n_shopped - p.n_shopped) / nullif(l.n_refused - p.n_refused, 0) as share_in_rest
    from per_group as p
    join group_totals as t on t.group_id = p.group_id
    cross join log_totals as l
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest(0.2, 5 * share_after_answer), 6)
    and n_shopped >= 20
    and n_shopped_accounts >= 10 as is_fired,
    round(share, 6) as value,
    round(share_after_answer, 6) as baseline,
    round(greatest(0.2, 5 * share_after_answer), 6)::double as threshold,
    n_refused as n_exchanges,
    n_accounts,
    n_shopped,
    n_shopped_accounts,
    n_answered_elsewhere,
    n_other_model,
    n_retried as n_retried_by_same,
    round(share_in_rest, 6) as share_in_rest
from judged
order by entity_id;
