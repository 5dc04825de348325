-- Conversions from the text of a log field to a typed value. None of them raises: what cannot be converted becomes NULL.

-- A count: whole, not negative. '24', '24.0' and '1e3' are counts; '24.5', '-1' and 'nan' are not, nor is '24.000', which may be twenty-four
-- thousand.
create or replace macro whole_number(written) as
    case
        when not contains(written, '.') then try_cast(try_cast(written as ubigint) as bigint)
        when ends_with(written, '.000') then null
        when try_cast(written as decimal(38, 9)) % 1 = 0 then try_cast(try_cast(try_cast(written as decimal(38, 9)) as ubigint) as bigint)
    end;

-- A finite real number.
create or replace macro real_number(written) as
    case when isfinite(try_cast(written as double)) then try_cast(written as double) end;

-- Milliseconds of a duration with its units, such as 1m2.5s or 33.2µs; NULL for other words.
create or replace macro milliseconds_of(written) as
    case
        when regexp_full_match(written, '(\d+h)?(\d+m)?([\d.]+(s|ms|us|µs|ns))?') and written <> '' then
            coalesce(real_number(regexp_extract(written, '(\d+)h', 1)), 0) * 3.6e6
            + coalesce(real_number(regexp_extract(written, '(\d+)m($|\d)', 1)), 0) * 6e4
            + coalesce(
                real_number(regexp_extract(written, '([\d.]+)(s|ms|us|µs|ns)$', 1))
                * case regexp_extract(written, '[\d.](s|ms|us|µs|ns)$', 1) when 's' then 1e3 when 'ms' then 1.0 when 'ns' then 1e-6 else 1e-3 end,
                0
            )
    end;

-- true, false or NULL, as JSON, Python and PostgreSQL write them.
create or replace macro truth(written) as
    case
        when list_contains(['true', 'True', 't', '1', 'TRUE', 'yes'], written) then true
        when list_contains(['false', 'False', 'f', '0', 'FALSE', 'no'], written) then false
    end;

-- The model id within an Amazon resource name or a Google resource path; other text as it is.
create or replace macro model_id(written) as
    case
        when starts_with(written, 'arn:') or starts_with(written, 'projects/') or starts_with(written, 'publishers/')
            then regexp_extract(written, '([^/]*)$', 1)
        else written
    end;

-- Whether text is a raw secret, not the id or the hash of one.
create or replace macro is_secret(written) as
    regexp_matches(
        written, '^((?i:bearer|basic) |sk-|sk_|rk_|pk_|xai-|gsk_|hf_|r8_|nvapi-|ghp_|github_pat_|AIza|AKIA|ASIA|ABSK|eyJ[A-Za-z0-9_-]+\.)'
    );

-- Words for "no value", as programs and people write them: strangers without a value must not come together. A map, since looking a word up
-- in it costs as much as comparisons with a few words.
create or replace macro words_for_nothing() as
    [
        '', '-', '--', '---', '?', 'None', 'none', 'NONE', 'null', 'NULL', 'Null', '(null)', '<null>', 'nil', '<nil>', 'nan', 'NaN', 'NAN',
        'undefined', '\N', 'N/A', 'n/a', 'NA', 'N.A.', 'n.a.', '#N/A', '<NA>', 'unknown', 'Unknown', 'UNKNOWN', '(none)', '<none>', '[none]',
        '(not set)', 'not set', 'unset', 'missing', 'not available', '(empty)', '(blank)', 'k.A.'
    ];

-- Further words in place of an id.
create or replace macro words_for_nobody() as
    words_for_nothing() || ['anonymous', 'Anonymous', 'anon', 'guest', 'nobody', '*', '00000000-0000-0000-0000-000000000000'];

create or replace macro is_one_of(written, words) as
    map_contains(map_from_entries(list_transform(words, lambda word: struct_pack(k := word, v := true))), written);

-- The text, unless it stands for "no value".
create or replace macro meant(written) as
    case
        when written is null or strlen(written) > 13 then written
        when not is_one_of(written, words_for_nothing()) then written
    end;

create or replace macro is_placeholder(written) as
    case
        when written is null or strlen(written) > 36 then false
        else is_one_of(written, words_for_nobody())
    end;

-- Whether an id went through a number: spreadsheets write long ones as 1.23457E+11, which many ids share.
create or replace macro is_inexact_id(written) as
    case
        when written is null or strlen(written) > 22 then false
        when contains(written, 'E+') or contains(written, 'e+') then regexp_full_match(written, '\d+([.,]\d+)?[Ee]\+\d+')
        else false
    end;

-- An id, unless it stands for "no value" or went through a number. Tables with gaps make 1042.0 of 1042, which loses nothing.
create or replace macro exact_id(written) as
    case
        when written is null or strlen(written) > 36 then written
        when is_inexact_id(written) or is_placeholder(written) then null
        when ends_with(written, '.0') and regexp_full_match(written, '\d{1,15}\.0') then left(written, -2)
        else written
    end;

-- Finish reasons of all vendors in one vocabulary. Lists, since DuckDB makes a join of a long IN.
create or replace macro finish_reason_of(written) as
    case
        when written is null or written = '' then null
        when list_contains(
            ['stop', 'end_turn', 'stop_sequence', 'complete', 'completed', 'finish', 'finished', 'eos_token', 'eos', 'endoftext', 'succeeded'], lower(written)
        ) then 'stop'
        when list_contains(
            ['length', 'max_tokens', 'max_output_tokens', 'model_context_window_exceeded', 'model_length'], lower(written)
        ) then 'length'
        when list_contains(['tool_calls', 'tool_use', 'tool_call', 'function_call'], lower(written)) then 'tool'
        when list_contains(
            ['content_filter', 'content_filtered', 'guardrail_intervened', 'safety', 'recitation', 'prohibited_content', 'blocklist', 'spii'],
            lower(written)
        ) then 'filter'
        when lower(written) = 'refusal' then 'refusal'
        when lower(written) = 'pause_turn' then 'pause'
        when list_contains(['error', 'malformed_function_call', 'failed'], lower(written)) then 'error'
        else 'other'
    end;

-- Text in which a web server wrote bytes as \xHH and quotes with a backslash.
create or replace macro unescaped(written) as case when contains(written, '\') then unescaped_bytes(written) else written end;

-- Success or failure as programs write it; NULL for other words.
-- A text as Python writes it between quotes: its escapes become those of JSON, which are decoded. Doubled backslashes are set aside meanwhile.
create or replace macro python_as_json(written) as
    '"' || replace(replace(replace(
        regexp_replace(replace(replace(written, '\\', chr(1)), '\''', ''''), '\\x([0-9a-fA-F]{2})', '\\u00\1', 'g'), '\"', '"'
    ), '"', '\"'), chr(1), '\\') || '"';

create or replace macro python_text(written) as
    case
        when not contains(written, '\') then written
        when json_valid(python_as_json(written)) then json_extract_string(python_as_json(written), '$')
        else written
    end;

create or replace macro status_of_word(written) as
    case
        when list_contains(['ok', 'success', 'succeeded', 'successful', 'completed', 'complete', 'true', 't'], lower(written)) then 'ok'
        when list_contains(['limited', 'rate_limited', 'ratelimited', 'rate_limit', 'throttled', 'too_many_requests'], lower(written))
            then 'limited'
        when list_contains(['blocked', 'filtered', 'refused', 'denied'], lower(written)) then 'blocked'
        when list_contains(['cancelled', 'canceled', 'aborted'], lower(written)) then 'cancelled'
        when list_contains(['partial', 'incomplete'], lower(written)) then 'partial'
        when list_contains(['error', 'failure', 'failed', 'timeout', 'false', 'f'], lower(written)) then 'error'
    end;

create or replace macro status_of_code(code) as
    case
        when code = '429' then 'limited'
        when code = '499' then 'cancelled'
        when code >= '400' then 'error'
        when code >= '100' then 'ok'
    end;
