/* Answers the requests on stdin, one a line. */
#include "fairshare.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a whole number of at most 18 digits and moves past it; -1 if there is none. */
static int64_t read_number(const char **text) {
    int64_t number = 0;
    int digits = 0;
    for (; isdigit((unsigned char)**text); ++*text) {
        if (++digits > 18) return -1;
        number = number * 10 + (**text - '0');
    }
    return digits ? number : -1;
}

static int answer_split(const char *text) {
    int64_t weights[FAIRSHARE_MAX_PARTS], shares[FAIRSHARE_MAX_PARTS];
    size_t parts = 0;
    int64_t cents = read_number(&text);

    if (cents < 0 || *text++ != ' ') return -1;
    do {
        if (parts == FAIRSHARE_MAX_PARTS) return -1;
        weights[parts++] = read_number(&text);
    } while (*text++ == ',');
    if (text[-1] != '\0' || fairshare_split(cents, weights, parts, shares)) return -1;
    for (size_t i = 0; i < parts; i++) printf("%s%lld", i ? "," : "", (long long)shares[i]);
    putchar('\n');
    return 0;
}

static int answer_reference(const char *body) {
    char reference[FAIRSHARE_MAX_BODY + 5];
    if (fairshare_reference(body, reference)) return -1;
    puts(reference);
    return 0;
}

int main(void) {
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        int failed = -1;
        line[strcspn(line, "\n")] = '\0';
        if (!strncmp(line, "split ", 6)) failed = answer_split(line + 6);
        else if (!strncmp(line, "reference ", 10)) failed = answer_reference(line + 10);
        if (failed) puts("error");
    }
    return 0;
}
