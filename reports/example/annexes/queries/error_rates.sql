-- Measured rates of error with exact 95 % intervals
create or replace temp view error_rates as from read_parquet(['findings/error_rates.parquet']);
select
    kind, grade, n_of, n_total, n_of_blocks, n_blocks,
    ceil(10000 * ci95_high) / 100 as high_percent, floor(10000 * ci95_low) / 100 as low_percent
from error_rates
where kind in ('sensitivity', 'false_accusation') and is_known and n_total is not null
order by place;
