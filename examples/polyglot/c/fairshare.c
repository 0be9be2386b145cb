#include "fairshare.h"

#include <string.h>

int fairshare_split(int64_t cents, const int64_t *weights, size_t parts, int64_t *shares) {
    int64_t remainders[FAIRSHARE_MAX_PARTS];
    int64_t total = 0, left = cents;

    if (cents < 0 || cents > FAIRSHARE_MAX_CENTS || parts < 1 || parts > FAIRSHARE_MAX_PARTS) return -1;
    for (size_t i = 0; i < parts; i++) {
        if (weights[i] < 0 || weights[i] > FAIRSHARE_MAX_WEIGHT) return -1;
        total += weights[i];
    }
    if (total == 0) return -1;

    /* The limits keep every product at 10^18, within an int64_t. */
    for (size_t i = 0; i < parts; i++) {
        shares[i] = cents * weights[i] / total;
        remainders[i] = cents * weights[i] % total;
        left -= shares[i];
    }
    for (; left > 0; left--) {
        size_t largest = 0;
        for (size_t i = 1; i < parts; i++)
            if (remainders[i] > remainders[largest]) largest = i;
        shares[largest]++;
        remainders[largest] = -1;
    }
    return 0;
}

/* Returns the remainder modulo 97 once the value of one character, 0 to 35, is
 * appended to a number with the given remainder. */
static int append(int remainder, char character) {
    int value = character <= '9' ? character - '0' : character - 'A' + 10;
    return (remainder * (value < 10 ? 10 : 100) + value) % 97;
}

int fairshare_reference(const char *body, char out[FAIRSHARE_MAX_BODY + 5]) {
    size_t length = strlen(body);
    int remainder = 0;

    if (length < 1 || length > FAIRSHARE_MAX_BODY) return -1;
    for (size_t i = 0; i < length; i++) {
        int is_digit = body[i] >= '0' && body[i] <= '9';
        int is_capital = body[i] >= 'A' && body[i] <= 'Z';
        if (!is_digit && !is_capital) return -1;
        remainder = append(remainder, body[i]);
    }
    for (const char *rest = "RF00"; *rest; rest++) remainder = append(remainder, *rest);
    memcpy(out, "RF", 2);
    out[2] = (char)('0' + (98 - remainder) / 10);
    out[3] = (char)('0' + (98 - remainder) % 10);
    memcpy(out + 4, body, length + 1);
    return 0;
}
