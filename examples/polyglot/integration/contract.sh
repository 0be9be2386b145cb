# Every implementation gives the same answer to every shared vector.
vectors=../vectors.tsv
failures=0

requests() {
    grep -v '^#' "$vectors" | cut -f 1
}

# answers_of NAME COMMAND...: compares one implementation with the vectors.
answers_of() {
    name=$1
    shift
    if differences=$(requests | "$@" | paste "$answers/requests" - | diff "$answers/expected" -); then
        echo "ok - $name gives all $count answers"
    else
        echo "not ok - $name ('<' is what the vectors say)"
        echo "$differences"
        failures=$((failures + 1))
    fi
}

answers=${TEST_TMPDIR:-$(mktemp -d)}
requests > "$answers/requests"
grep -v '^#' "$vectors" > "$answers/expected"
count=$(awk 'END { print NR }' "$answers/expected")

answers_of C ../c/build/fairshare
answers_of Rust ../rust/target/debug/fairshare
answers_of Python python3 ../python/fairshare.py
answers_of JavaScript node ../node/cli.mjs
exit "$failures"
