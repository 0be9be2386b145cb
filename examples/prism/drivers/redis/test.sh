# Unit checks of the Redis driver.
PRISM=../..
. "$PRISM/testing/check.sh"

check "a missing key is the null bulk string" '$-1' "$(echo 'GET a' | ask redis)"
check "a bulk string carries its length" '+OK
$5
hello' "$(printf 'SET a hello\nGET a\n' | ask redis)"
check "DEL counts what it removed" "+OK
:1
:0" "$(printf 'SET a 1\nDEL a\nDEL a\n' | ask redis)"
check "INCR starts at nothing" ":1
:2" "$(printf 'INCR hits\nINCR hits\n' | ask redis)"
check "INCR refuses a word" "+OK
-ERR value is no integer" "$(printf 'SET a word\nINCR a\n' | ask redis)"
check "a key stays until its time has come" '+OK
:1
+OK
:4
$1
x' "$(printf 'SET a x\nEXPIRE a 10\nTICK 6\nTTL a\nGET a\n' | ask redis)"
check "a key is gone when its time has come" '+OK
:1
+OK
$-1
:-2' "$(printf 'SET a x\nEXPIRE a 10\nTICK 10\nGET a\nTTL a\n' | ask redis)"
check "SET lifts an expiry" "+OK
:1
+OK
:-1" "$(printf 'SET a x\nEXPIRE a 10\nSET a y\nTTL a\n' | ask redis)"
finish
