# Unit checks of the request line.
PRISM=..
. "$PRISM/testing/check.sh"

# Prints verb, subject and rest of each line, between brackets.
parse() {
    awk -f protocol.awk -f show.awk
}

check "a request has a verb and a subject" "[GET][colour][]" "$(echo 'GET colour' | parse)"
check "the rest keeps its blanks" "[SET][motto][one  two]" "$(echo 'SET motto one  two' | parse)"
check "blanks before the verb do not count" "[DEL][colour][]" "$(echo '   DEL colour' | parse)"
check "a lone verb is malformed" "ERR malformed request" "$(echo 'GET' | parse)"
check "a verb is in capitals" "ERR malformed request" "$(echo 'get colour' | parse)"
check "an empty line is malformed" "ERR malformed request" "$(echo | parse)"
check "whole numbers are recognised" "yes yes no no" "$(awk -f protocol.awk -f integers.awk)"
finish
