#!/bin/sh
# Checks this case without the program that made it. Needs a POSIX shell with coreutils, find, sed and grep; openssl for KEY.
#
#   sh check.sh [CASE [KEY]]
#
# CASE  the case folder; the one in which this file lies if omitted
# KEY   public key of the examiner (PEM), received in another way than with the case
#
# Without KEY this shows damage, not a forger: whoever can write to the folder can make a new seal, and a new check.sh.
# Take this file from another copy of the program or of the case if the folder itself is not trusted.
# Exit code: 0 nothing differs, 5 something differs.
LC_ALL=C
export LC_ALL
case_dir=${1:-$(dirname "$0")}
key=${2:-}
case $key in "" | /*) ;; *) key=$(pwd)/$key ;; esac
cd -- "$case_dir" || exit 5
work=$(mktemp -d) || exit 5
trap 'rm -rf "$work"' EXIT
n_problems=0

# Names come from the case: nothing but printable ASCII reaches the terminal.
clean() { tr -c '\12\40-\176' '?'; }
bad() {
    n_problems=$((n_problems + 1))
    printf 'PROBLEM %s\n' "$1" | clean
}
each_bad() { # FILE with one name per line, what is wrong
    while IFS= read -r name; do bad "$name: $2"; done <"$1"
}

# 1. The signature over seal-sha256.txt
if [ -z "$key" ]; then
    echo "NOT CHECKED the signature: no key was given"
elif [ ! -f seal-sha256.txt.sig ]; then
    bad "seal-sha256.txt.sig: is missing, the seal is not signed"
elif openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in seal-sha256.txt -sigfile seal-sha256.txt.sig >/dev/null 2>&1; then
    echo "checked the signature: made with the key given"
else
    bad "seal-sha256.txt: was not signed with the key given"
fi

# 2. What the seal holds: run.json, both manifests, the custody log up to the seal
for name in run.json manifest-sha256.txt tagmanifest-sha256.txt; do
    stated=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\$/\1/p" seal-sha256.txt 2>/dev/null)
    found=$(sha256sum <"$name" 2>/dev/null | cut -c1-64)
    [ -n "$stated" ] && [ "$stated" = "$found" ] || bad "$name: differs from seal-sha256.txt"
done
form='^# custody\.jsonl: bytes \([0-9][0-9]*\) sha256 \([0-9a-f]\{64\}\) entries [0-9][0-9]* head [0-9a-f]\{64\}$'
n_bytes=$(sed -n "s/$form/\1/p" seal-sha256.txt 2>/dev/null | head -n 1)
stated=$(sed -n "s/$form/\2/p" seal-sha256.txt 2>/dev/null | head -n 1)
n_found=$(cat custody.jsonl 2>/dev/null | wc -c)
if [ -z "$n_bytes" ]; then
    bad "seal-sha256.txt: says nothing about the custody log"
elif [ "$n_found" -lt "$n_bytes" ]; then
    bad "custody.jsonl: the end was cut off"
elif [ "$(head -c "$n_bytes" custody.jsonl | sha256sum | cut -c1-64)" != "$stated" ]; then
    bad "custody.jsonl: was rewritten"
fi

# 3. Lines of the manifests that are none, or that lead out of the case
for list in manifest-sha256.txt tagmanifest-sha256.txt; do
    [ -f "$list" ] || continue
    grep -v '^[0-9a-f]\{64\}  .' "$list" >"$work/broken"
    each_bad "$work/broken" "is no line of $list"
    sed -n 's/^[0-9a-f]\{64\}  //p' "$list" >>"$work/named"
done
[ -f "$work/named" ] || : >"$work/named"
grep -E '^/|^tmp/|(^|/)\.\.(/|$)' "$work/named" >"$work/outside"
each_bad "$work/outside" "is named by a manifest and lies outside of what a manifest may hold"

# 4. Every file of the manifests
for list in manifest-sha256.txt tagmanifest-sha256.txt; do
    grep '^[0-9a-f]\{64\}  .' "$list" 2>/dev/null | grep -vE '^.{66}(/|tmp/|\.\./|.*/\.\.(/|$))' | while IFS= read -r line; do
        # manifests write line ends and per cent signs in names as %0A, %0D and %25
        name=$(printf '%s\n' "$line" | cut -c67-)
        case $name in
        *%*)
            name=$(printf '%s_' "$name" | sed 's/\\/\\\\/g; s/%0A/\\0012/g; s/%0D/\\0015/g; s/%25/%/g')
            name=$(printf '%b' "$name") && name=${name%_}
            ;;
        esac
        if [ -L "$name" ] || [ ! -f "$name" ]; then
            printf '%s\n' "$name: is missing"
        elif [ "$(sha256sum <"$name" | cut -c1-64)" != "$(printf '%s\n' "$line" | cut -c1-64)" ]; then
            printf '%s\n' "$name: was changed"
        fi
    done
done >"$work/changed"
while IFS= read -r line; do bad "$line"; done <"$work/changed"

# 5. What lies in the folder and in no manifest
new_line='
'
find . -type f ! -path './tmp/*' ! -path "*$new_line*" | sed 's|^\./||; s/%/%25/g' |
    grep -vxE 'run\.json|custody\.jsonl|tagmanifest-sha256\.txt|seal-key\.pem|seal-sha256\.txt(\.sig|\.tsq|\.tsr)?' |
    grep -vxFf "$work/named" >"$work/stray"
each_bad "$work/stray" "is in the case folder and in no manifest"
n_odd=$(find . -type f ! -path './tmp/*' -path "*$new_line*" -exec printf x \; | wc -c)
[ "$n_odd" -eq "$(grep -c '%0A' "$work/named")" ] || bad "a name with a line end: is in the case folder and in no manifest"
find . ! -type f ! -type d | sed 's|^\./||' >"$work/special"
each_bad "$work/special" "is a link, pipe, socket or device; a case holds files only"
find ./tmp -type f ! -name case.lock ! -name holder.json 2>/dev/null | sed 's|^\./||' >"$work/temporary"
while IFS= read -r name; do printf 'NOT CHECKED %s: lies in tmp/ and in no manifest\n' "$name" | clean; done <"$work/temporary"
find . -type d -empty ! -path ./data ! -path ./findings ! -path ./report ! -path ./stages ! -path ./tmp ! -path ./calibration |
    sed 's|^\./||' >"$work/empty"
while IFS= read -r name; do printf 'NOT CHECKED %s: is an empty folder\n' "$name" | clean; done <"$work/empty"

echo "NOT CHECKED the evidence: sha256sum LOGFILE, compare with report/annexes/sources.csv"
[ -f seal-sha256.txt.tsr ] && echo "NOT CHECKED the time stamp: openssl ts -verify -queryfile seal-sha256.txt.tsq -in seal-sha256.txt.tsr -CAfile AUTHORITY.pem"
if [ "$n_problems" -eq 0 ]; then
    echo "intact: $(grep -c . "$work/named") files in the manifests"
    exit 0
fi
echo "NOT INTACT: $n_problems problems"
exit 5
