# Closing the month moves every result account to equity and leaves it empty.
. ./ledger.sh
open_ledger

post sales cash 80000
post cash rent 30000
post cash wages 25000

expect "the rent was paid" 30000 "$(balance rent)"
post rent equity "$(balance rent)"
post wages equity "$(balance wages)"
post equity sales 80000

for account in rent wages sales; do
    expect "$account is empty after closing" 0 "$(balance $account)"
done
expect "the profit is in equity, as a debt to the owners" -25000 "$(balance equity)"
expect "and lies in cash" 25000 "$(balance cash)"
expect "no other user wrote here" 6 "$(awk 'END { print NR }' "$LEDGER/journal")"
