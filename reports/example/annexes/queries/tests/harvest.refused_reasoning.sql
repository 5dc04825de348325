-- The provider says that reasoning in the requests belongs to other organisations or end users
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
with accounts as (
    select
        account_id,
        count(*) as n_exchanges,
        count(*) filter (where list_has_any(reasoning_refusals, ['organization_binding_mismatch', 'end_user_binding_mismatch'])) as n_foreign,
        count(*) filter (where list_contains(reasoning_refusals, 'organization_binding_mismatch')) as n_organization,
        count(*) filter (where list_contains(reasoning_refusals, 'end_user_binding_mismatch')) as n_end_user,
        count(*) filter (where list_has_any(reasoning_refusals, ['prefix_binding_mismatch', 'conversation_binding_refused'])) as n_prefix,
        count(*) filter (where list_contains(reasoning_refusals, 'model_binding_mismatch')) as n_model,
        min(record_id) filter (
            where list_has_any(reasoning_refusals, ['organization_binding_mismatch', 'end_user_binding_mismatch'])
        ) as first_record
    from exchange_features
    group by account_id
),
shares as (
    select *, n_foreign / nullif(n_exchanges, 0) as share from accounts
),
usual as (
    select median(share) as share from shares
)
select
    account_id as entity_id,
    n_foreign >= 2 and round(a.share, 6) >= round(5 * u.share, 6) as is_fired,
    a.share as value,
    u.share as baseline,
    (5 * u.share)::double as threshold,
    n_exchanges,
    1::bigint as n_accounts,
    n_organization,
    n_end_user,
    n_prefix,
    n_model,
    first_record as first_record_id
from shares as a
cross join usual as u
where n_foreign > 0
order by entity_id;
