-- An account takes part in handing refused prompts from account to account
create or replace temp view account_profiles as from read_parquet(['data/account_profiles.parquet']);
create or replace temp table account_holders as
with payers as (
    select payment_fingerprint
    from account_profiles
    where payment_fingerprint is not null
    group by payment_fingerprint
    having count(*) <= 6
)
select
    a.account_id,
    coalesce('organisation ' || a.organization, 'tenant ' || a.tenant_id, 'payer ' || p.payment_fingerprint, 'account ' || a.account_id) as holder
from account_profiles as a
left join payers as p on p.payment_fingerprint = a.payment_fingerprint
order by a.account_id;
create or replace temp view exchange_features as from read_parquet(['data/exchange_features.parquet']);
with sent as (
    select
        e.record_id,
        e.prompt_hash,
        e.account_id,
        h.holder,
        epoch_us(e.started_at) as started_us,
        coalesce(e.status in ('limited', 'error', 'blocked'), false) as is_failed
    from exchange_features as e
    join account_holders as h on h.account_id = e.account_id
    where e.prompt_hash is not null
),
rare_prompts as (
    select prompt_hash
    from sent
    group by prompt_hash
    having count(distinct holder) between 2 and 3 and count(*) filter (where is_failed) > 0
),
followed as (
    select
        account_id,
        holder,
        is_failed,
        lead(account_id) over repetition as next_account,
        lead(holder) over repetition as next_holder,
        lead(started_us) over repetition - started_us as delay_us
    from sent
    semi join rare_prompts using (prompt_hash)
    window repetition as (partition by prompt_hash order by started_us, record_id)
),
handed as (
    select account_id, next_account
    from followed
    where is_failed and next_holder <> holder and delay_us <= 60 * 1000000
),
sides as (
    select account_id, next_account as partner, 1 as n_given, 0 as n_taken from handed
    union all
    select next_account, account_id, 0, 1 from handed
),
per_account as (
    select account_id, sum(n_given)::bigint as n_given, sum(n_taken)::bigint as n_taken, count(distinct partner) as n_partners
    from sides
    group by account_id
),
judged as (
    select account_id, count(*) as n
    from sent
    group by account_id
    having count(*) >= 5
)
select
    j.account_id as entity_id,
    coalesce(p.n_given + p.n_taken, 0) >= 1 as is_fired,
    coalesce(p.n_given + p.n_taken, 0)::double as value,
    null::double as baseline,
    1::double as threshold,
    j.n as n_exchanges,
    1::bigint as n_accounts,
    coalesce(p.n_given, 0) as n_given,
    coalesce(p.n_taken, 0) as n_taken,
    coalesce(p.n_partners, 0) as n_partners
from judged as j
left join per_account as p on p.account_id = j.account_id
order by entity_id;
