SELECT 'exchange' AS kind, record_id, source_sha256, source_line, source_offset, source_length, raw_sha256
FROM exchanges
WHERE record_id = $id
UNION ALL
SELECT 'quarantine' AS kind,
       left(source_sha256, 16) || ':' || source_line || CASE WHEN sub_index > 0 THEN '.' || sub_index ELSE '' END AS record_id,
       source_sha256, source_line, source_offset, source_length, raw_sha256
FROM quarantine
WHERE left(source_sha256, 16) || ':' || source_line || CASE WHEN sub_index > 0 THEN '.' || sub_index ELSE '' END = $id
ORDER BY kind, record_id, source_offset
