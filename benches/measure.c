/* measure OUT -- COMMAND...
 *
 * Runs the command once and writes one JSON line to OUT: its status, wall time,
 * the CPU time of its whole tree, the CPU time of the command's own process,
 * and the peak resident size of the largest process of the tree.
 * Small and static, because a process starts with the peak of its launcher. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static double seconds(struct timeval time) {
    return time.tv_sec + time.tv_usec * 1e-6;
}

/* Reads the CPU seconds of one process, without its children: /proc/PID/stat,
 * which a zombie still has. 10 ms ticks. */
static double own_cpu(pid_t pid) {
    char path[64], text[2048];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    /* The name, between parentheses, may hold anything. */
    char *rest = strrchr(text, ')');
    if (rest) sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

int main(int argc, char **argv) {
    if (argc < 4 || strcmp(argv[2], "--")) {
        fprintf(stderr, "usage: measure OUT -- COMMAND...\n");
        return 2;
    }
    double start = now();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    /* Not reaped yet: the process's own times are read from the zombie. */
    siginfo_t info;
    while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {}
    double wall = now() - start;
    double own = own_cpu(pid);

    int status;
    struct rusage usage;
    wait4(pid, &status, 0, &usage);
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return 2;
    }
    fprintf(out, "{\"status\": %d, \"wall\": %.6f, \"cpu\": %.6f, \"own_cpu\": %.2f, \"peak_kib\": %ld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall,
            seconds(usage.ru_utime) + seconds(usage.ru_stime), own, usage.ru_maxrss);
    return fclose(out) != 0;
}
