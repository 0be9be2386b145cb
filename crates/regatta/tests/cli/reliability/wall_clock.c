/* A wall clock that jumps: by JUMP_SECONDS from the moment the file JUMP_FILE exists. Every other clock is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(clock, time);
    const char *file = getenv("JUMP_FILE");
    if (status == 0 && clock == CLOCK_REALTIME && file && access(file, F_OK) == 0)
        time->tv_sec += atol(getenv("JUMP_SECONDS"));
    return status;
}
