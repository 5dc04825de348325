-- Text as it is compared: lower case, no zero-width characters, digits alike, one blank between words.
create macro comparable(t) as trim(
    regexp_replace(
        regexp_replace(
            lower(case
                when strlen(t) = length(t) then t
                else regexp_replace(t, '[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]', '', 'g') end),
            '[0-9]+', '0', 'g'),
        '\s+', ' ', 'g'));

-- A count as its power of two, in words: 0, 1, 2 to 3, 4 to 7 ...
create macro magnitude(n) as case
    when n is null or n < 0 then null
    when n < 2 then n::varchar
    else pow(2, floor(log2(n)))::bigint || ' to ' || (2 * pow(2, floor(log2(n)))::bigint - 1)
end;

-- Scripts that write no blanks: every sign is a word.
create macro spaced(t) as trim(regexp_replace(regexp_replace(t, '([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}])', ' \1 ', 'g'), '\s+', ' ', 'g'));

create macro triples(words) as list_transform(range(1, len(words) - 1), lambda place: array_to_string(words[place : place + 2], ' '));
