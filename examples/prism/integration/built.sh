# The built MemStore, sourced after check.sh; the suite fails without it.
MEMSTORE="$BUILD/memstore.awk"

if [ ! -e "$MEMSTORE" ]; then
    echo "build/memstore.awk is missing; memstore-unit builds it"
    exit 1
fi
