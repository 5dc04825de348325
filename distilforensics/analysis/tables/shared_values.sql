/*---
description = "Values of identity that a few accounts share: payment methods, ten minutes of sign-up, networks, mail domains and mailboxes"
reads = ["account_attributes", "account_profiles", "accounts_directory", "account_mailboxes"]
driver = "rows of accounts, by a thousand times fewer than exchanges"
params.max_accounts = "shared_accounts"
params.max_share = { default = 0.02, unit = "share of all accounts", why = "as above, in large logs" }
---*/
with values_of_accounts as (
    select
        case attribute when 'payment' then 'payment' when 'signup' then 'signup' when 'email_domain' then 'mail' else 'network' end as kind,
        value,
        account_id
    from account_attributes
    where attribute in ('payment', 'signup', 'email_domain', 'ip', 'ip_prefix')
    union
    select 'mail', m.mailbox, m.account_id
    from (
        select account_id, mailbox from accounts_directory where mailbox is not null
        union all
        select account_id, mailbox from account_mailboxes
    ) as m
    semi join account_profiles as p on p.account_id = m.account_id
)
select kind, value, account_id
from values_of_accounts
qualify count(*) over (partition by kind, value) between 2 and greatest($max_accounts, $max_share * (select count(*) from account_profiles))
order by kind, value, account_id
