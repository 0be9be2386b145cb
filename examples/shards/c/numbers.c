/* Twelve tests about numbers, and as much of the sharding protocol as it takes: which tests are ours, and a file that
 * says that we know. */
#include <stdio.h>
#include <stdlib.h>

static int square(int n) { return n * n; }

static int number(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value && *value ? atoi(value) : otherwise;
}

int main(void) {
    int index = number("TEST_SHARD_INDEX", 0);
    int total = number("TEST_TOTAL_SHARDS", 1);
    const char *status = getenv("TEST_SHARD_STATUS_FILE");
    FILE *file = status ? fopen(status, "w") : NULL;
    if (file) fclose(file);

    int failed = 0;
    for (int n = 0; n < 12; n++) {
        if (n % total != index) continue;
        int passed = square(n) == n * n;
        printf("%s square_of_%d\n", passed ? "ok" : "not ok", n);
        failed += !passed;
    }
    return failed != 0;
}
