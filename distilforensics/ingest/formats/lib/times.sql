-- Times of log records: the exact instant in UTC, the kind of notation and the resolution as written.
-- DuckDB's cast to TIMESTAMP drops offsets without a word, so it only sees times without one; offsets are applied here, checked.
-- Two tiers: ISO times without offset or with Z take the short way (`iso_*`); all others are `odd` and take the long way, NULL for the rest.

-- 'Z' for a time in UTC, '' for a naive time, NULL for anything else.
create or replace macro iso_zone(written) as
    case
        when ends_with(written, 'Z') and strlen(written) >= 20 then 'Z'
        when regexp_full_match(written, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?') then ''
    end;

-- Digits of the fraction of a plain ISO time.
create or replace macro iso_digits(written, zone) as
    case when contains(written, '.') then strlen(written) - strpos(written, '.') - strlen(zone) else 0 end;

-- Resolution in microseconds of a time with that many digits after the second.
create or replace macro resolution_us(digits) as (10 ** greatest(6 - digits, 0))::bigint;

-- The parts of an odd ISO time.
create or replace macro odd_iso(odd) as
    regexp_extract(
        odd,
        '^\s*(\d{4}[-/]\d\d?[-/]\d\d?)(?:[Tt ]\s*(\d\d?:\d\d)(:\d\d)?(?:[.,](\d+))?)?\s*(?:(Z|z|UTC|GMT|utc)|([+-])(\d\d):?(\d\d)?)?\s*$',
        ['day', 'clock', 'seconds', 'fraction', 'utc', 'sign', 'hours', 'minutes']
    );

create or replace macro odd_iso_has_offset(parts) as parts.utc <> '' or parts.sign <> '';

-- Offsets beyond 18 hours or 59 minutes do not exist.
create or replace macro odd_iso_offset(parts) as
    case
        when parts.sign = '' then 0
        when parts.hours <= '18' and parts.minutes < '60'
            then (try_cast(parts.hours as bigint) * 60 + coalesce(try_cast(parts.minutes as bigint), 0)) * case parts.sign when '-' then -1 else 1 end
    end;

create or replace macro odd_iso_instant(parts) as
    try_cast(
        parts.day || case when parts.clock = '' then '' else ' ' || parts.clock || case when parts.seconds = '' then ':00' else parts.seconds end end
        || case when parts.fraction = '' then '' else '.' || left(parts.fraction, 6) end as timestamp
    ) - to_minutes(odd_iso_offset(parts));

create or replace macro odd_iso_resolution(parts) as
    case
        when parts.clock = '' then 86_400_000_000
        when parts.seconds = '' then 60_000_000
        else resolution_us(length(parts.fraction))
    end;

-- Common log format, always with an offset.
create or replace macro clf_offset(odd) as
    case
        when length(odd) = 26 and substr(odd, 23, 2) <= '18' and substr(odd, 25, 2) < '60'
            then (try_cast(substr(odd, 23, 2) as bigint) * 60 + try_cast(substr(odd, 25, 2) as bigint))
                * case substr(odd, 21, 2) when ' -' then -1 when ' +' then 1 end
    end;

create or replace macro clf_instant(written) as
    try_strptime(left(written, 20), '%d/%b/%Y:%H:%M:%S') - to_minutes(clf_offset(written));

-- Epoch times by their size: the years 2000 to 2099 in seconds, milliseconds, microseconds and nanoseconds do not overlap.
create or replace macro epoch_kind(epoch) as
    case
        when epoch >= 946684800 and epoch < 4102444800 then 'epoch_s'
        when epoch >= 946684800000 and epoch < 4102444800000 then 'epoch_ms'
        when epoch >= 946684800000000 and epoch < 4102444800000000 then 'epoch_us'
        when epoch >= 946684800000000000 and epoch < 4102444800000000000 then 'epoch_ns'
    end;

create or replace macro epoch_instant(epoch, kind) as
    make_timestamp(
        case kind
            when 'epoch_s' then round(epoch * 1000000)::bigint
            when 'epoch_ms' then round(epoch * 1000)::bigint
            when 'epoch_us' then trunc(epoch)::bigint
            when 'epoch_ns' then trunc(epoch)::bigint // 1000
        end
    );

create or replace macro epoch_resolution(odd, kind) as
    case kind
        when 'epoch_s' then resolution_us(case when contains(odd, '.') then length(odd) - strpos(odd, '.') else 0 end)
        when 'epoch_ms' then greatest(resolution_us(case when contains(odd, '.') then length(odd) - strpos(odd, '.') else 0 end) // 1000, 1)
        else 1
    end;

-- Access logs of model APIs lie in this span; 1970 and year 1 stand for "missing".
create or replace macro is_possible(instant) as instant >= timestamp '2000-01-01' and instant < timestamp '2100-01-01';

-- A local time without offset is taken as UTC unless the examiner names its zone.
create or replace macro utc_of_naive(local_time, zone_name) as
    case when zone_name is null then local_time else make_timestamp(epoch_us(timezone(zone_name, local_time))) end;

-- A time that is not plain, for the long way.
create or replace macro odd_time(written, zone, kind_hint) as
    case when zone is null and kind_hint is distinct from 'clf' then written end;

-- The unit of an epoch time; NULL if it is out of bounds, or not of the unit that the mapping names.
create or replace macro epoch_kind_of(epoch, kind_hint) as
    case when kind_hint is null or kind_hint = epoch_kind(epoch) then epoch_kind(epoch) end;

create or replace macro time_kind_of(written, zone, parts, epoch, kind_hint) as
    case
        when written is null then null
        when kind_hint = 'clf' then 'clf'
        when zone = '' then 'iso_naive'
        when zone = 'Z' then 'iso_offset'
        when epoch is not null then epoch_kind_of(epoch, kind_hint)
        when odd_iso_has_offset(parts) then 'iso_offset'
        when parts.day <> '' then 'iso_naive'
        else 'clf'
    end;

create or replace macro instant_of(written, zone, parts, epoch, kind_hint, zone_name) as
    case
        when written is null then null
        when kind_hint = 'clf' then clf_instant(written)
        when zone = 'Z' then make_timestamp(epoch_us(try_cast(written as timestamptz)))
        when zone = '' then utc_of_naive(try_cast(written as timestamp), zone_name)
        when epoch is not null then epoch_instant(epoch, epoch_kind_of(epoch, kind_hint))
        when odd_iso_has_offset(parts) then odd_iso_instant(parts)
        when parts.day <> '' then utc_of_naive(odd_iso_instant(parts), zone_name)
        else clf_instant(written)
    end;

create or replace macro resolution_of(written, zone, parts, epoch, kind_hint) as
    case
        when kind_hint = 'clf' then 1_000_000
        when zone is not null then resolution_us(iso_digits(written, zone))
        when epoch is not null then epoch_resolution(written, epoch_kind_of(epoch, kind_hint))
        when parts.day <> '' then odd_iso_resolution(parts)
        else 1_000_000
    end;
