#!/bin/sh
# Checks this case without the program that made it: coreutils and openssl are enough.
#   sh check.sh                      files, manifests, custody log
#   sh check.sh KEY.pub.pem          and the signature, by a public key that you got from somewhere else
#   sh check.sh KEY.pub.pem CA.pem   and the time stamp, by the certificate of its authority
# Prints every difference and ends with 1 if there is one.
absolute() { case $1 in "" | /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac }
key=$(absolute "$1")
authority=$(absolute "$2")
cd "$(dirname "$0")" || exit 2
failed=0
# Names come from the case: nothing but printable ASCII reaches the terminal.
say() { printf '%s\n' "$*" | LC_ALL=C tr -c '\12\40-\176' '?'; }
differs() { say "DIFFERS: $*"; failed=1; }
outside='^.{64}  (/|tmp/|\.\.(/|$)|.*/\.\.(/|$))'

for list in seal.txt tagmanifest-sha256.txt manifest-sha256.txt; do
    if [ ! -f "$list" ]; then differs "$list is missing"; continue; fi
    # Names hold line ends and per cent signs encoded; lines with them are checked by the program alone.
    # Lines that lead out of the case are named and not opened.
    found=$(grep -E "$outside" "$list") && differs "$list names what lies outside of the case: $found"
    found=$(grep -v '%[0-9A-F][0-9A-F]' "$list" | grep -vE "$outside" | sha256sum --check --quiet --strict - 2>&1) || differs "$found"
done

# Files that no list names. Names with a line end in them are not looked at here.
find . -type f ! -path './tmp/*' | sed 's|^\./||' | LC_ALL=C sort | while IFS= read -r name; do
    case "$name" in
        run.json|custody.jsonl|notes.jsonl|tagmanifest-sha256.txt|manifest-sha256.txt|seal.txt|seal.txt.sig|seal.pub.pem|seal.tsq|seal.tsr) continue ;;
    esac
    listed=$(printf '%s' "$name" | sed 's/%/%25/g')
    grep -q -x -F -e "$(sha256sum < "$name" | cut -c1-64)  $listed" manifest-sha256.txt tagmanifest-sha256.txt || say "DIFFERS: $name is in no list, or not so"
done | { grep . && exit 1; exit 0; } || failed=1
found=$(find . ! -type f ! -type d) && [ -z "$found" ] || differs "links, pipes or devices, a case holds files only: $found"
found=$(find . -path './tmp/*' -type f ! -name case.lock ! -name holder.json; find . -mindepth 1 -type d -empty ! -path ./tmp)
[ -z "$found" ] || say "not checked, in no list (tmp/ and empty folders): $found"

# Files that grow: what was sealed is their beginning.
for log in custody notes; do
    sealed=$(sed -n "s/^# $log\.jsonl: the first \([0-9]*\) lines have SHA-256 \([0-9a-f]*\)\$/\1 \2/p" seal.txt)
    if [ -n "$sealed" ]; then
        [ "$(head -n "${sealed% *}" $log.jsonl | sha256sum | cut -c1-64)" = "${sealed#* }" ] || differs "$log.jsonl up to the seal"
        later=$(tail -n "+$((${sealed% *} + 1))" $log.jsonl | wc -l)
        [ "$later" -eq 0 ] || say "not checked: the last $later lines of $log.jsonl, added after the seal"
    elif [ $log = custody ]; then
        differs "seal.txt does not state the custody log"
    elif [ -f notes.jsonl ]; then
        say "not checked: notes.jsonl, made after the seal"
    fi
done

if [ -n "$key" ]; then
    openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in seal.txt -sigfile seal.txt.sig || differs "the signature of seal.txt"
else
    echo "not checked: the signature; name a public key"
fi
if [ -n "$authority" ]; then
    openssl ts -verify -queryfile seal.tsq -in seal.tsr -CAfile "$authority" && openssl ts -verify -data seal.txt -in seal.tsr -CAfile "$authority" \
        || differs "the time stamp"
else
    echo "not checked: the time stamp; name the certificate of its authority"
fi
[ "$failed" = 0 ] && echo "no difference found"
exit "$failed"
