-- source
SELECT path, role, reason, source_sha256, n_bytes, n_bytes_decoded, compression, format, format_confidence, n_lines, n_blank,
       n_read, n_kept, n_quarantined, n_duplicate, n_out_of_scope, n_flagged, first_started_at, last_started_at, unknown_keys
FROM sources
WHERE path = $id OR starts_with(source_sha256, $id) OR ends_with(path, '/' || $id)
ORDER BY path, source_sha256
