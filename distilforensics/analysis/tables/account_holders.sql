/*---
title = "Who holds an account, as far as the log says: its organisation, else its tenant, else its payment method if no more than six accounts are paid by it, else the account itself. People have a few keys of their own; a payment method of more accounts may be a voucher, a stolen card or a placeholder, and says nothing about persons."
reads = ["account_profiles"]
---*/
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
order by a.account_id
