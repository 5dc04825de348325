-- Which field became which column, in files of no known format
create or replace temp view sources as from read_parquet(['data/sources.parquet']);
create or replace temp view field_mappings as from read_parquet(['data/field_mappings.parquet']);
select s.path, f.column_name, f.field, coalesce(f.mapping, 'told by the names') as mapping, coalesce(f.mapping_sha256, '') as mapping_sha256
from field_mappings as f
join sources as s on s.source_sha256 = f.source_sha256 and s.role = 'log'
order by s.path, f.column_name, f.field;
