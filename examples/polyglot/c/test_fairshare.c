/* Unit tests of the C implementation; one line a test, status 1 if any failed. */
#include "fairshare.h"

#include <stdio.h>
#include <string.h>

static int tests, failures;

static void check(const char *name, int holds) {
    tests++;
    failures += !holds;
    printf("%s %d - %s\n", holds ? "ok" : "not ok", tests, name);
}

static int splits_to(int64_t cents, const int64_t *weights, size_t parts, const int64_t *expected) {
    int64_t shares[FAIRSHARE_MAX_PARTS];
    return fairshare_split(cents, weights, parts, shares) == 0 && !memcmp(shares, expected, parts * sizeof *shares);
}

static int nothing_is_lost(void) {
    const int64_t weights[] = {19, 7, 100, 0, 3};
    int64_t shares[5];
    for (int64_t cents = 0; cents < 100000; cents++) {
        int64_t sum = 0;
        if (fairshare_split(cents, weights, 5, shares)) return 0;
        for (int i = 0; i < 5; i++) sum += shares[i];
        if (sum != cents || shares[3] != 0) return 0;
    }
    return 1;
}

int main(void) {
    char reference[FAIRSHARE_MAX_BODY + 5];
    int64_t shares[2];

    check("the odd cent goes to the first", splits_to(1000, (int64_t[]){1, 1, 1}, 3, (int64_t[]){334, 333, 333}));
    check("the larger remainder goes first", splits_to(1, (int64_t[]){1, 2}, 2, (int64_t[]){0, 1}));
    check("the largest product does not overflow",
          splits_to(FAIRSHARE_MAX_CENTS, (int64_t[]){FAIRSHARE_MAX_WEIGHT}, 1, (int64_t[]){FAIRSHARE_MAX_CENTS}));
    check("nothing is lost", nothing_is_lost());
    check("no weight at all is refused", fairshare_split(10, (int64_t[]){0, 0}, 2, shares) == -1);
    check("a negative weight is refused", fairshare_split(10, (int64_t[]){3, -1}, 2, shares) == -1);
    check("a known reference", !fairshare_reference("539007547034", reference) && !strcmp(reference, "RF18539007547034"));
    check("the longest reference fits",
          !fairshare_reference("ZZZZZZZZZZZZZZZZZZZZZ", reference) && strlen(reference) == FAIRSHARE_MAX_BODY + 4);
    check("small letters are refused", fairshare_reference("abc", reference) == -1);
    printf("1..%d\n", tests);
    return failures != 0;
}
