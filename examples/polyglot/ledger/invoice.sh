# An invoice shared by three payers: split by the C program, posted to the ledger.
. ./ledger.sh
open_ledger
program=../c/build/fairshare

[ -x "$program" ] || { echo "$program is missing; c-unit builds it"; exit 1; }
shares=$(echo 'split 10000 50,30,19' | "$program")
expect "the program divides the invoice" 5051,3030,1919 "$shares"

for payer in ada ben cleo; do
    post "$payer" receivable "${shares%%,*}"
    shares=${shares#*,}
done
expect "the ledger has the whole invoice" 10000 "$(balance receivable)"
expect "the last payer owes the last share" -1919 "$(balance cleo)"
