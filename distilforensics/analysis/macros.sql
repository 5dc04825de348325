-- Text normalisation shared by all fingerprints. Zero-width characters are removed first, since they are a known way of breaking comparisons.
-- ASCII text (as many bytes as characters) cannot hold any and skips the expression.
create macro visible(t) as case
    when strlen(t) = length(t) then lower(t)
    else lower(regexp_replace(t, '[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]', '', 'g'))
end;

-- White space as single spaces. Single spaces, by far the most of it, are no matches: replacing them by themselves would take most of the time.
create macro spaced(v) as regexp_replace(v, '\s{2,}|[\t\n\f\r]', ' ', 'g');

-- Light form of visible text: what two people would call the same prompt.
create macro plain(v) as trim(spaced(v));

-- Frame form of visible text: what varies from task to task (addresses, quoted strings, numbers) becomes a mark.
-- Most texts lack what begins an address or a quoted string; to look for that is quicker than to look for the whole.
create macro link_marked(v) as case
    when contains(v, '://') or contains(v, '@') then regexp_replace(v, 'https?://\S+|[a-z0-9._%+-]+@[a-z0-9.-]+', '<link>', 'g')
    else v
end;
create macro quote_marked(v) as case
    when contains(v, '"') or contains(v, '“') or contains(v, '«')
        then regexp_replace(v, '"[^"]{1,200}"|“[^”]{1,200}”|«[^»]{1,200}»', '<quoted>', 'g')
    else v
end;
create macro frame(v) as trim(spaced(regexp_replace(quote_marked(link_marked(v)), '[0-9]+', '#', 'g')));

-- The content-free shape of a call, NULL where nothing of it is logged.
create macro parameter_key(operation, max_output_tokens, temperature, top_p, is_stream, n_choices, n_tools, tools_sha256, response_format, reasoning_effort) as case
    when coalesce(max_output_tokens::varchar, temperature::varchar, top_p::varchar, tools_sha256, response_format, reasoning_effort) is not null
    then concat_ws(
        '|', operation, coalesce(max_output_tokens::varchar, '-'), coalesce(temperature::varchar, '-'), coalesce(top_p::varchar, '-'),
        coalesce(is_stream::varchar, '-'), coalesce(n_choices::varchar, '-'), coalesce(n_tools::varchar, '-'), coalesce(tools_sha256, '-'),
        coalesce(response_format, '-'), coalesce(reasoning_effort, '-'))
end;

create macro short_hash(t) as left(md5(t), 16);

-- Network of an address: /24 for IPv4, /48 for IPv6 in the compressed form that the ingest writes.
create macro network(ip) as case
    when ip is null then null
    when contains(ip, ':') then
        case when strpos(ip, '::') > 0 and length(split_part(ip, '::', 1)) - length(replace(split_part(ip, '::', 1), ':', '')) < 2
            then split_part(ip, '::', 1) || '::/48'
            else array_to_string((string_split(ip, ':'))[1:3], ':') || '::/48' end
    else regexp_extract(ip, '^\d+\.\d+\.\d+') || '.0/24'
end;

-- Text of one turn: the content itself where it is a text, else the texts of all its parts, tool results included.
create macro turn_text(content) as case json_type(content)
    when 'VARCHAR' then json_extract_string(content, '$')
    when 'ARRAY' then array_to_string(list_concat(json_extract_string(content, '$[*].text'), json_extract_string(content, '$[*].content[*].text'),
        list_transform(list_filter(json_extract(content, '$[*].content'), lambda part: json_type(part) = 'VARCHAR'), lambda part: json_extract_string(part, '$'))), ' ')
end;

-- Key of a text for comparing turns that were logged by different programs: white space and case do not count.
create macro text_key(t) as short_hash(nullif(regexp_replace(visible(t), '\s+', '', 'g'), ''));

-- Bounds of a share that was seen in n trials, z standard errors away (E. B. Wilson, Probable inference, JASA 22, 1927).
create macro wilson_low(share, n, z) as
    (share + z * z / nullif(2 * n, 0) - z * sqrt(share * (1 - share) / nullif(n, 0) + z * z / nullif(4 * n * n, 0))) / nullif(1 + z * z / nullif(n, 0), 0);
create macro wilson_high(share, n, z) as
    (share + z * z / nullif(2 * n, 0) + z * sqrt(share * (1 - share) / nullif(n, 0) + z * z / nullif(4 * n * n, 0))) / nullif(1 + z * z / nullif(n, 0), 0);

-- Key of a turn's text as `prompt_hash` and `response_hash` have it.
create macro turn_hash(content) as short_hash(nullif(plain(visible(turn_text(content))), ''));

-- Content of a turn of a role, counted from the end with -1 for the last; the messages must be a JSON array.
create macro turn_content(messages, role_name, place) as
    list_filter(from_json(messages, '[{"role": "VARCHAR", "content": "JSON"}]'), lambda turn: turn.role = role_name)[place].content;

-- Content that is one text alone: tool results and pictures are no prompts.
create macro is_one_text(content) as
    json_type(content) = 'VARCHAR' or (json_array_length(content) = 1 and json_extract_string(content, '$[0].type') is not distinct from 'text')
    or (json_array_length(content) = 1 and json_type(content, '$[0].type') is null and json_type(content, '$[0].text') = 'VARCHAR');

-- A zero-width character inside of an ASCII word.
create macro hides_characters(t) as regexp_matches(t, '[A-Za-z][\x{200B}\x{200C}\x{200D}\x{2060}\x{FEFF}]+[A-Za-z]');

-- What names of one model have in common, whoever writes them: `us.anthropic.claude-3-sonnet-20240229-v1:0`, `Claude 3 Sonnet`, `claude-3-sonnet`.
create macro model_key(model) as nullif(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    lower(regexp_extract(model, '([^/]*)/*$', 1)),
    '^((us|eu|apac|global)\.)?((anthropic|amazon|meta|mistral|openai|google|cohere|azure)[.:])?', ''),
    '[-@: ]v\d+(:\d+)?$', ''),
    '[-@ ](\d{8}|\d{4}-\d\d-\d\d|\d{3,4})$', ''),
    '[^a-z0-9]+', '', 'g'), '');
