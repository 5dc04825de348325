-- Times of log records: the exact instant in UTC, the kind of notation and the resolution as written.
-- DuckDB's cast to TIMESTAMP drops offsets without a word, so it only sees times without one; offsets are applied here, checked.
-- Two tiers: ISO times without offset or with Z are plain and take the short way; for all others `odd_time` is not NULL.
-- Few expressions matter more than fast ones: every node of a plan costs at each run, and these macros are used twice a record.

-- 'Z' for a plain time in UTC, '' for a plain naive time, NULL for anything else.
create or replace macro iso_zone(written) as
    case
        when ends_with(written, 'Z') and strlen(written) >= 20 and not contains(written, ',') and not contains(written, 'W') then 'Z'
        when regexp_full_match(written, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?') then ''
    end;

-- Notations that leave no doubt but are not those of ISO: of mail and HTTP, JavaScript, Go, Java, .NET, hours of twelve, basic and week dates.
-- Zone names other than UTC and days that could be months leave doubts and stay as they are.
create or replace macro respelled(written) as
    case
        when not regexp_matches(
            written, '^[A-Z][a-z][a-z],? |^\d{1,2} [A-Z][a-z][a-z] \d{4} |^/Date|^\d{8}T|\]$| [AaPp][Mm]$| [+-]\d{4} [A-Z]|^\d{4}-W\d|^6[3-6]\d{16}$'
        ) then written
        when regexp_full_match(written, '/Date\(\d{1,15}([+-]\d{4})?\)/') then regexp_extract(written, '\d+')
        when regexp_full_match(written, '\d{8}T\d{6}([.,]\d+)?(Z|[+-]\d\d:?\d\d)?')
            then regexp_replace(written, '^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)', '\1-\2-\3T\4:\5:\6')
        when regexp_full_match(written, '[0-9T:.+Z-]{20,40}\[[A-Za-z_/+-]{1,40}\]') then split_part(written, '[', 1)
        when regexp_full_match(written, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} [A-Z]{1,5}( m=.*)?')
            then regexp_replace(written, '^(\S+ \S+) (\S+) .*$', '\1\2')
        when regexp_full_match(written, '\d{4}-\d\d-\d\d \d\d?:\d\d:\d\d [AaPp][Mm]')
            then strftime(try_strptime(written, '%Y-%m-%d %I:%M:%S %p'), '%Y-%m-%d %H:%M:%S')
        when regexp_full_match(written, '([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|UTC|[+-]\d{4})')
            then strftime(try_strptime(regexp_extract(written, '(\d{1,2} [A-Z][a-z]{2} \d{4} \S+) \S+$', 1), '%d %b %Y %H:%M:%S'), '%Y-%m-%d %H:%M:%S')
                || regexp_extract(written, '\S+$')
        when regexp_full_match(written, '[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4}( \(.*\))?')
            then strftime(try_strptime(substr(written, 5, 20), '%b %d %Y %H:%M:%S'), '%Y-%m-%d %H:%M:%S') || substr(written, 29, 5)
        when regexp_full_match(written, '\d{4}-W[0-5]\d-[1-7]T\S+')
            then strftime(
                date_trunc('week', try_cast(left(written, 4) || '-01-04' as date))
                + to_days(7 * (try_cast(substr(written, 7, 2) as integer) - 1) + try_cast(substr(written, 10, 1) as integer) - 1), '%Y-%m-%d'
            ) || substr(written, 11)
        when regexp_full_match(written, '6[3-6]\d{16}')
            then strftime(make_timestamp((try_cast(written as bigint) - 621355968000000000) // 10), '%Y-%m-%d %H:%M:%S.%f') || 'Z'
        else written
    end;

-- A number as a spreadsheet shortens it, such as 1.77555E+09, tells less than a second and is no time.
create or replace macro odd_time(written, zone) as
    case
        when zone is not null or (contains(upper(written), 'E+') and regexp_full_match(written, '\d([.,]\d{0,8})?[Ee]\+\d+')) then null
        else respelled(written)
    end;

-- The short way for times that are neither: the digits of seconds, milli- or microseconds since 1970.
create or replace macro plain_epoch(written, zone) as
    case when zone is null and regexp_full_match(written, '\d{9,16}(\.\d{1,9})?') then written end;

-- Whether the short way cannot read a time: it is neither plain nor such digits nor a time of a web server.
create or replace macro is_odd_time(written, zone, epoch) as
    case
        when written is null or zone is not null or epoch is not null then false
        else not regexp_full_match(written, '\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}')
    end;

-- The parts of an odd ISO time; all empty if it is none.
create or replace macro odd_iso(odd) as
    regexp_extract(
        odd,
        '^\s*(\d{4}[-/]\d\d?[-/]\d\d?(?:[Tt ]\d\d?:\d\d(:\d\d(?:[.,](\d+))?)?)?)\s*(?:(Z|z|UTC|GMT|utc)|([+-])(\d\d):?(\d\d)?)?\s*$',
        ['local', 'seconds', 'fraction', 'utc', 'sign', 'hours', 'minutes']
    );

-- Minutes of an offset; NULL beyond 18 hours or 59 minutes, which do not exist.
create or replace macro offset_minutes(sign, hours, minutes) as
    case
        when hours <= '18' and minutes < '60'
            then coalesce(try_cast(sign || hours as bigint), 0) * 60 + coalesce(try_cast(sign || minutes as bigint), 0)
    end;

-- A local time without offset is taken as UTC unless the examiner names its zone.
create or replace macro utc_of_naive(local_time, zone_name) as
    case when zone_name is null then local_time else make_timestamp(epoch_us(timezone(zone_name, local_time))) end;

-- The local time of a record whose zone the examiner named; NULL where the record has an offset or no zone is named.
create or replace macro local_of(zone, parts, written, zone_name) as
    case
        when zone_name is null then null
        when zone = '' then try_cast(written as timestamp)
        when zone is null and parts.local <> '' and parts.utc = '' and parts.sign = '' then try_cast(replace(parts.local, ',', '.') as timestamp)
    end;

-- Clocks that are set back show an hour twice, and clocks that are set forward leave one out.
create or replace macro local_at(instant, zone_name) as timezone(zone_name, timezone('UTC', instant));

create or replace macro occurs_twice(local_time, instant, zone_name) as
    local_at(instant, zone_name) = local_time
    and (
        local_at(instant + interval 1 hour, zone_name) = local_time or local_at(instant - interval 1 hour, zone_name) = local_time
        or local_at(instant + interval 30 minute, zone_name) = local_time or local_at(instant - interval 30 minute, zone_name) = local_time
    );

create or replace macro is_ambiguous_local(zone, parts, written, zone_name) as
    occurs_twice(local_of(zone, parts, written, zone_name), utc_of_naive(local_of(zone, parts, written, zone_name), zone_name), zone_name);

create or replace macro is_missing_local(zone, parts, written, zone_name) as
    local_at(utc_of_naive(local_of(zone, parts, written, zone_name), zone_name), zone_name) <> local_of(zone, parts, written, zone_name);

create or replace macro odd_iso_instant(parts, zone_name) as
    utc_of_naive(
        try_cast(replace(upper(parts.local), ',', '.') as timestamp), case when parts.utc = '' and parts.sign = '' then zone_name end
    ) - to_minutes(offset_minutes(parts.sign, parts.hours, parts.minutes));

-- Common log format, `03/Feb/2026:04:05:06 +0530`, always with an offset.
create or replace macro clf_instant(written) as
    case
        when substr(written, 21, 1) = ' ' and length(written) = 26
            then try_strptime(left(written, 20), '%d/%b/%Y:%H:%M:%S')
                - to_minutes(offset_minutes(substr(written, 22, 1), substr(written, 23, 2), substr(written, 25, 2)))
    end;

-- Epoch times by their size: the years 2000 to 2099 in the four units do not overlap. Later times fail `is_possible`.
create or replace macro epoch_kind(epoch) as
    case
        when epoch >= 946684800000000000 then 'epoch_ns'
        when epoch >= 946684800000000 then 'epoch_us'
        when epoch >= 946684800000 then 'epoch_ms'
        else 'epoch_s'
    end;

create or replace macro epoch_instant(epoch) as
    make_timestamp(
        case
            when epoch >= 946684800000000000 then try_cast(trunc(epoch) as bigint) // 1000
            when epoch >= 946684800000000 then try_cast(trunc(epoch) as bigint)
            when epoch >= 946684800000 then try_cast(round(epoch * 1000) as bigint)
            when epoch >= 946684800 then try_cast(round(epoch * 1000000) as bigint)
        end
    );

create or replace macro instant_of(written, zone, parts, epoch, zone_name) as
    case
        when written is null then null
        when zone = 'Z' then make_timestamp(epoch_us(try_cast(written as timestamptz)))
        when zone = '' then utc_of_naive(try_cast(written as timestamp), zone_name)
        when epoch is not null then epoch_instant(epoch)
        when parts.local <> '' then odd_iso_instant(parts, zone_name)
        else clf_instant(written)
    end;

-- The kind of a time that has an instant.
create or replace macro time_kind_of(zone, parts, epoch) as
    case
        when zone = 'Z' then 'iso_offset'
        when zone = '' then 'iso_naive'
        when epoch is not null then epoch_kind(epoch)
        when parts.utc <> '' or parts.sign <> '' then 'iso_offset'
        when parts.local <> '' then 'iso_naive'
        else 'clf'
    end;

-- Microseconds of the last digit as written.
create or replace macro resolution_of(written, zone, parts, kind) as
    greatest(
        case
            when kind = 'epoch_ms' then 1000
            when kind = 'epoch_us' or kind = 'epoch_ns' then 1
            when kind = 'clf' or kind = 'epoch_s' or parts.seconds <> '' then 1_000_000
            when strlen(parts.local) <= 10 then 86_400_000_000
            when parts.seconds = '' then 60_000_000
            else 1_000_000
        end // (10 ** least(
            case
                when parts.fraction <> '' then strlen(parts.fraction)
                when contains(written, '.') then strlen(written) - strpos(written, '.') - coalesce(strlen(zone), 0)
                else 0
            end, 9
        ))::bigint,
        1
    );

-- Access logs of model APIs lie in this span; 1970 and year 1 stand for "missing".
create or replace macro is_possible(instant) as instant >= timestamp '2000-01-01' and instant < timestamp '2100-01-01';
