select * from explained_groups order by n_accounts desc, group_id
