# lint.sh FOLDER: the house rules for the awk and sh files of one folder.
# Prints a line for each rule, and the offending places under it.
cd "$(dirname "$0")/.." || exit 1
folder=$1
failures=0

# forbid RULE PATTERN: no line of the folder's files may match.
forbid() {
    sleep "${PRISM_PACE:-0.3}"
    if found=$(grep -En "$2" /dev/null "$folder"/*.awk "$folder"/*.sh); then
        echo "not ok - $1"
        printf '%s\n' "$found" | sed 's/^/#   /'
        failures=$((failures + 1))
    else
        echo "ok - $1"
    fi
}

[ -e "$folder/test.sh" ] || { echo "no suite in '$folder'"; exit 1; }

forbid "no line ends in a blank" '[[:space:]]$'
forbid "no tab is used" "$(printf '\t')"
forbid "no line is over 100 columns" '^.{101,}'
forbid "nothing is left to do later" 'FIX''ME|TO''DO'

for file in "$folder"/*.awk "$folder"/*.sh; do
    case $(head -n 1 "$file") in
        '# '*) echo "ok - $file opens with its purpose" ;;
        *) echo "not ok - $file opens with its purpose"; failures=$((failures + 1)) ;;
    esac
done
for file in "$folder"/*.sh; do
    if sh -n "$file"; then
        echo "ok - $file parses"
    else
        echo "not ok - $file parses"; failures=$((failures + 1))
    fi
done

[ "$failures" -eq 0 ]
