with followed as (
    select
        e.record_id,
        e.account_id,
        e.status,
        lead(e.account_id) over repetition as next_account,
        epoch_us(lead(e.started_at) over repetition) - epoch_us(e.started_at) as delay_us,
        coalesce(h.holder = lead(h.holder) over repetition, false) as is_same_holder
    from exchange_features as e
    left join account_holders as h on h.account_id = e.account_id
    where e.prompt_hash is not null
    window repetition as (partition by e.prompt_hash order by e.started_at, e.record_id)
),
marked as (
    select
        record_id,
        account_id,
        next_account,
        delay_us,
        status in ('limited', 'error', 'blocked') as is_failed,
        coalesce(delay_us <= $window_s * 1000000 and next_account <> account_id and not is_same_holder, false) as is_reissued,
        coalesce(delay_us <= $window_s * 1000000 and next_account = account_id, false) as is_retried
    from followed
    where status in ('ok', 'limited', 'error', 'blocked')
),
log_totals as (
    select count(*) filter (where is_failed) as n_failed, count(*) filter (where is_failed and is_reissued) as n_reissued
    from marked
),
-- Only failed exchanges and repeated successful ones have to be looked up in the groups; the rest of the successful ones are counted.
group_totals as (
    select g.group_id, count(*) as n_all
    from group_exchanges as g
    where g.prompt_hash is not null
    group by g.group_id
),
of_interest as (
    select record_id, account_id, next_account, delay_us, is_failed, is_reissued, is_retried
    from marked
    where is_failed or is_reissued
),
per_group as (
    select
        g.group_id,
        count(*) filter (where m.is_failed) as n_failed,
        count(distinct m.account_id) filter (where m.is_failed) as n_accounts,
        count(*) filter (where m.is_failed and m.is_reissued) as n_reissued,
        count(distinct m.account_id) filter (where m.is_failed and m.is_reissued) as n_reissued_accounts,
        count(distinct (m.account_id, m.next_account)) filter (where m.is_failed and m.is_reissued) as n_pairs,
        count(*) filter (where m.is_failed and m.is_retried) as n_retried,
        count(*) filter (where not m.is_failed and m.is_reissued) as n_reissued_after_success,
        median(m.delay_us) filter (where m.is_failed and m.is_reissued) as median_delay_us
    from group_exchanges as g
    join of_interest as m on m.record_id = g.record_id
    group by g.group_id
    having count(*) filter (where m.is_failed) >= $min_failed
),
judged as (
    select
        p.group_id,
        p.n_failed,
        p.n_accounts,
        p.n_reissued,
        p.n_reissued_accounts,
        p.n_pairs,
        p.n_retried,
        p.median_delay_us,
        p.n_reissued / nullif(p.n_failed, 0) as share,
        coalesce(p.n_reissued_after_success / nullif(t.n_all - p.n_failed, 0), 0) as share_after_success,
        (l.n_reissued - p.n_reissued) / nullif(l.n_failed - p.n_failed, 0) as share_in_rest
    from per_group as p
    join group_totals as t on t.group_id = p.group_id
    cross join log_totals as l
)
select
    group_id as entity_id,
    round(share, 6) >= round(greatest($min_share, $min_lift * share_after_success), 6)
    and n_reissued >= $min_reissued
    and n_reissued_accounts >= $min_reissued_accounts as is_fired,
    round(share, 6) as value,
    round(share_after_success, 6) as baseline,
    round(greatest($min_share, $min_lift * share_after_success), 6) as threshold,
    n_failed as n_exchanges,
    n_accounts,
    n_reissued,
    n_reissued_accounts,
    n_pairs,
    n_retried as n_retried_by_same,
    round(share_in_rest, 6) as share_in_rest,
    round(median_delay_us / 1000000, 3) as median_delay_s
from judged
order by entity_id
