with followed as (
    select
        record_id,
        account_id,
        is_refused,
        lead(account_id) over repetition as next_account,
        lead(is_refused) over repetition as next_is_refused,
        lead(model) over repetition as next_model,
        model,
        epoch_us(lead(started_at) over repetition) - epoch_us(started_at) <= $window_h * 3600000000 as is_soon,
        coalesce(tenant_id = lead(tenant_id) over repetition, false) as is_same_tenant
    from exchange_features
    where prompt_hash is not null and is_refused is not null and coalesce(prompt_chars, $min_prompt_chars) >= $min_prompt_chars
    window repetition as (partition by prompt_hash order by started_at, record_id)
),
marked as (
    select
        record_id,
        account_id,
        is_refused,
        coalesce(is_soon and next_account <> account_id and not is_same_tenant, false) as is_shopped,
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
    where g.prompt_hash is not null and g.is_refused is not null and coalesce(g.prompt_chars, $min_prompt_chars) >= $min_prompt_chars
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
    having count(*) filter (where m.is_refused) >= $min_refused
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
    round(share, 6) >= round(greatest($min_share, $min_lift * share_after_answer), 6)
    and n_shopped >= $min_shopped
    and n_shopped_accounts >= $min_shopped_accounts as is_fired,
    round(share, 6) as value,
    round(share_after_answer, 6) as baseline,
    round(greatest($min_share, $min_lift * share_after_answer), 6)::double as threshold,
    n_refused as n_exchanges,
    n_accounts,
    n_shopped,
    n_shopped_accounts,
    n_answered_elsewhere,
    n_other_model,
    n_retried as n_retried_by_same,
    round(share_in_rest, 6) as share_in_rest
from judged
order by entity_id
