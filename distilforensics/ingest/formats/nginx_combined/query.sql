with split as not materialized (
    select row_index, line, string_split(line, '"') as quoted, contains(line, '\"') as has_quotes
    from lines
),

-- A line without escaped quotes is cut at its quotes and by the fixed width of its time; others take the slow way.
fast as not materialized (
    select
        *,
        case
            when has_quotes or len(quoted) not in (3, 7) then null
            when regexp_matches(quoted[1], ' \[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] $') then quoted[1]
        end as head
    from split
),

slow as not materialized (
    select
        *,
        regexp_extract(
            case when head is null then line end,
            '^(\S+) (\S+ .*?) \[([^\]]*)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?',
            ['address', 'identities', 'moment', 'request', 'code', 'bytes', 'referer', 'agent']
        ) as other
    from fast
),

fields as not materialized (
    select
        row_index,
        line,
        case when head is null then trim(other.address || ' ' || other.identities) else left(head, length(head) - 30) end as who,
        case when head is null then other.moment else substr(head, length(head) - 27, 26) end as moment,
        case when head is null then other.request else quoted[2] end as request,
        case when head is null then other.code else split_part(quoted[3], ' ', 2) end as code,
        case when head is null then other.bytes else split_part(quoted[3], ' ', 3) end as bytes,
        case when head is null then other.agent else quoted[6] end as agent
    from slow
),

-- Usually the address, `-` for the identity, and the user. Servers of several hosts write the host before the address, gateways the
-- forwarded addresses; the address is what stands before the identity.
words as not materialized (
    select *, case when split_part(who, ' ', 2) <> '-' then string_split(who, ' ') end as words
    from fields
),

identities as not materialized (
    select
        *,
        case
            when words is null then 2
            when list_contains(words[3:-2], '-') then list_position(words[3:-2], '-') + 2
            when looks_like_address(words[2]) then 3
            else 2
        end as place
    from words
),

requests as not materialized (
    select
        *,
        moment <> '' as is_readable,
        case
            when words is null then split_part(who, ' ', 1)
            when len(list_filter(words[:place - 1], lambda word: looks_like_address(word))) > 0
                then array_to_string(
                    list_transform(list_filter(words[:place - 1], lambda word: looks_like_address(word)), lambda word: rtrim(word, ',')), ', '
                )
            else words[place - 1]
        end as address,
        case
            when words is null then substr(who, strpos(who, ' ') + 3)
            else array_to_string(words[place + 1:], ' ')
        end as account,
        split_part(request, ' ', 1) as method,
        split_part(split_part(request, ' ', 2), '?', 1) as path
    from identities
),

operations as not materialized (
    select *, operation_of_path(path) as operation
    from requests
)

select
    row_index,
    line,
    case when is_readable then moment end as started_at_raw,
    'clf' as time_kind,
    'nginx' as gateway,
    case when account <> '-' then unescaped(account) end as account_id,
    case when address <> '-' then address end as client_ip,
    case when agent <> '-' then unescaped(agent) end as user_agent,
    coalesce(operation, 'other') as operation,
    case
        when contains(path, '/model/') or contains(path, '/models/') or contains(path, '/deployments/') or contains(path, '/engines/')
            then regexp_extract(path, '/(?:models?|deployments|engines)/([^/:]+)', 1)
    end as model_requested,
    case when bytes <> '-' then bytes end as response_bytes,
    case when code <> '-' and code <> '000' then code end as http_status,
    status_of_code(code) as status,
    case when is_readable and method <> 'POST' and not (method = 'GET' and contains(path, '/realtime')) then 'not_an_api_call' end
        as out_of_scope,
    case when not is_readable then 'unreadable_line' end as refusal_reason,
    case when not is_readable then 'no access log line, expected: address, identity, user, [time], "request", status, bytes' end
        as refusal_detail
from operations
