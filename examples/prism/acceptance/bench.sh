# The one test bench that the acceptance suites share, sourced after check.sh.
# Two suites on it at once would read each other's files, so a second one fails
# at once; parallel_group is what keeps them apart.
BENCH="$BUILD/bench"

if ! mkdir "$BUILD/bench.lock"; then
    echo "the test bench is in use; if no run is, remove build/bench.lock"
    exit 1
fi
trap 'rm -rf "$BENCH" "$BUILD/bench.lock"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
mkdir -p "$BENCH"
