-- Client addresses. `canonical_address` is a function in Python (addresses.py); it is only called where SQL cannot tell that an
-- address is canonical already.

-- A dotted quad without port, leading zeros or numbers beyond 255 is canonical as it stands.
create or replace macro is_plain_ipv4(written) as
    regexp_full_match(written, '(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}');

-- Whether a word looks like an address, masked parts and ports included; a name of a host does not.
create or replace macro looks_like_address(written) as
    regexp_full_match(
        rtrim(written, ','), '\d{1,3}(\.(\d{1,3}|[*xX]+)){3}(:\d+)?|\[?[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*:[0-9a-fA-F.]*\]?(%\w+)?(:\d+)?'
    );
