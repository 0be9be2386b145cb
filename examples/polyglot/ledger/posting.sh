# Posting to the ledger keeps it balanced.
. ./ledger.sh
open_ledger

expect "an account starts at nothing" 0 "$(balance cash)"
post customer cash 1999
expect "what came in" 1999 "$(balance cash)"
expect "is what went out" -1999 "$(balance customer)"
post cash rent 1500
expect "both sides count" 499 "$(balance cash)"
expect "a word is no amount" "refused: 'ten' is no amount" "$(post cash rent ten)"
expect "a negative amount is none either" "refused: '-5' is no amount" "$(post cash rent -5)"
expect "a refused posting changes nothing" 499 "$(balance cash)"

for i in 1 2 3 4 5 6 7 8 9 10; do
    post customer cash "$i"
done
expect "many postings add up" 554 "$(balance cash)"
expect "no other user wrote here" 12 "$(awk 'END { print NR }' "$LEDGER/journal")"
