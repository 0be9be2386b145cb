# Builds build/memstore.awk: protocol and driver in one program, ready to run
# with awk -f from anywhere. Called from this folder.
PRISM=../..
target="$PRISM/build/memstore.awk"

rm -f "$target"
cat "$PRISM/core/protocol.awk" memstore.awk > "$target.new" || exit 1
# A reader sees the whole program or none.
mv "$target.new" "$target"
