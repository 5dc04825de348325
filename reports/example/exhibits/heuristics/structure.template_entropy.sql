with large_groups as (
    select group_id from groups where kind in ('cluster', 'parameters') and n_accounts >= $min_accounts and n_exchanges >= $min_exchanges
),
sampled as (
    select account_id
    from exchange_features
    group by account_id
    having count(*) >= $min_account_exchanges
    order by md5(account_id), account_id
    limit $n_reference_accounts
),
-- The sample of the log is one more group, under the empty name.
carried as (
    select e.group_id, e.account_id, e.prefix_template, e.suffix_template
    from group_exchanges as e
    semi join large_groups as g on g.group_id = e.group_id
    union all
    select '', e.account_id, e.prefix_template, e.suffix_template
    from exchange_features as e
    semi join sampled as s on s.account_id = e.account_id
),
account_totals as (
    select group_id, account_id, count(*) as n from carried group by group_id, account_id having count(*) >= $min_account_exchanges
),
group_totals as (
    select group_id, count(*) as n_accounts, sum(n)::bigint as n_exchanges
    from account_totals
    group by group_id
    having count(*) >= $min_accounts and sum(n) >= $min_exchanges
),
uses as (
    select group_id, account_id, 'prefix' as kind, prefix_template as template_id, count(*) as n
    from carried where prefix_template is not null group by group_id, account_id, prefix_template
    union all
    select group_id, account_id, 'suffix', suffix_template, count(*)
    from carried where suffix_template is not null group by group_id, account_id, suffix_template
),
-- Shares in millionths: whole numbers add up to the same sum in any order.
shares as (
    select u.group_id, u.kind, u.template_id, u.n * 1000000 // nullif(t.n, 0) as share
    from uses as u
    semi join templates as p on p.template_id = u.template_id
    join account_totals as t on t.group_id = u.group_id and t.account_id = u.account_id
),
frames as (
    select group_id, kind, template_id, sum(share)::bigint as total, sum(share::hugeint * share) as squares
    from shares
    group by group_id, kind, template_id
),
kinds as (
    select
        f.group_id,
        f.kind,
        sum(f.total::hugeint * f.total - f.squares) / nullif(min(g.n_accounts) * (min(g.n_accounts) - 1), 0) / 1e12 as agreement,
        arg_max(f.template_id, (f.total, f.template_id)) as leading_frame,
        max(f.total) / nullif(min(g.n_accounts) * 1000000, 0) as leading_share
    from frames as f
    join group_totals as g on g.group_id = f.group_id
    group by f.group_id, f.kind
),
leaders as (
    select group_id, kind, sum(total)::bigint as total
    from (
        select group_id, kind, total
        from frames
        qualify row_number() over (partition by group_id, kind order by total desc, template_id) <= 3
    ) as three
    group by group_id, kind
),
judged as (
    select k.*, coalesce(l.agreement, 0) as log_agreement
    from kinds as k
    left join kinds as l on l.group_id = '' and l.kind = k.kind
    where k.group_id <> ''
    qualify row_number() over (partition by k.group_id order by k.agreement desc, k.kind) = 1
)
select
    g.group_id as entity_id,
    coalesce(round(j.agreement, 6) >= round(greatest($min_agreement, $min_lift * j.log_agreement), 6), false) as is_fired,
    coalesce(round(j.agreement, 6), 0)::double as value,
    coalesce(round(j.log_agreement, 6), 0)::double as baseline,
    round(greatest($min_agreement, $min_lift * coalesce(j.log_agreement, 0)), 6)::double as threshold,
    g.n_exchanges,
    g.n_accounts,
    -log2(nullif(j.agreement, 0)) as entropy_bits,
    -log2(nullif(j.log_agreement, 0)) as log_entropy_bits,
    j.kind as frame_kind,
    j.leading_frame,
    round(j.leading_share, 6) as leading_share,
    round(l.total / nullif(g.n_accounts * 1000000, 0), 6) as top_3_share
from group_totals as g
left join judged as j on j.group_id = g.group_id
left join leaders as l on l.group_id = j.group_id and l.kind = j.kind
where g.group_id <> ''
order by entity_id
