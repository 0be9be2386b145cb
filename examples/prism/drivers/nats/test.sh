# Unit checks of the NATS driver.
PRISM=../..
. "$PRISM/testing/check.sh"

check "a message without subscribers reaches none" "OK 0" "$(echo 'PUB jobs.new 1' | ask nats)"
check "a subscriber gets its subject" "OK 1
MSG 1 jobs.new 1
OK 1" "$(printf 'SUB jobs.new\nPUB jobs.new 1\n' | ask nats)"
check "a star stands for one token" "OK 1
MSG 1 jobs.new 1
OK 1
OK 0" "$(printf 'SUB jobs.*\nPUB jobs.new 1\nPUB jobs.new.urgent 2\n' | ask nats)"
check "a greater sign stands for the rest" "OK 1
OK 0
MSG 1 jobs.new.urgent 2
OK 1" "$(printf 'SUB jobs.>\nPUB jobs 1\nPUB jobs.new.urgent 2\n' | ask nats)"
check "subscribers are served in order" "OK 1
OK 2
MSG 1 a x
MSG 2 a x
OK 2" "$(printf 'SUB a\nSUB *\nPUB a x\n' | ask nats)"
check "an ended subscription gets nothing" "OK 1
OK
OK 0" "$(printf 'SUB a\nUNSUB 1\nPUB a x\n' | ask nats)"
check "no subscription ends twice" "NIL" "$(echo 'UNSUB 7' | ask nats)"
finish
