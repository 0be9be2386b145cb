# Usage: sh -c SCRIPT KIBIBYTES PROGRAM ARGUMENT...
# Runs the program with a disk of that size at `disk`, and leaves a copy of what is there then at `kept`.
size=$0
mkdir disk kept || exit 99
if unshare -rm true 2>/dev/null; then
    exec unshare -rm sh -c '
        mount -t tmpfs -o "size=${0}k" tmpfs disk || exit 99
        "$@"
        code=$?
        cp -a disk/. kept/ || exit 99
        exit $code' "$size" "$@"
fi
room=$(df --output=size /dev/shm | tail -n 1)
if [ "$room" -gt 262144 ]; then
    echo "neither unshare(1) nor a small /dev/shm gives this test a small disk" >&2
    exit 99
fi
# The disk is shared, so one at a time.
exec 9>/dev/shm/regatta-test-lock
flock 9
folder=$(mktemp -d /dev/shm/regatta-test-XXXXXX)
room=$(df --output=avail /dev/shm | tail -n 1)
fallocate -l "$((room - size))k" "$folder/ballast" || exit 99
rmdir disk
mkdir "$folder/disk"
ln -s "$folder/disk" disk
"$@" 9>&-
code=$?
cp -a disk/. kept/ || exit 99
rm -r "$folder" disk
mkdir disk
exit $code
