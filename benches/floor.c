/* floor -P SLOTS -f FILE -l LOGDIR [-m redirect|pipe]
 *
 * The least a machine must do to run the commands in FILE, one a line, SLOTS at
 * a time, each with a log of its own: posix_spawn, waitpid and nothing else.
 *   redirect  the command writes straight to its log
 *   pipe      its output is read from a pipe and copied to the log: the least
 *             that a runner which sees the output must do
 * Prints how many commands ran and failed; status 1 if any failed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX_SLOTS = 1024, COPY_BYTES = 65536 };

struct slot {
    pid_t pid; /* 0 when free */
    int output; /* read end of the pipe; pipe mode only */
    int log;
};

static struct slot slots[MAX_SLOTS];
static int slot_count = 2, piped;
static size_t live, failed;

static void die(const char *what) {
    perror(what);
    exit(2);
}

static char *read_file(const char *path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status)) die(path);
    char *text = malloc(status.st_size + 1);
    if (!text || read(fd, text, status.st_size) != status.st_size) die(path);
    text[status.st_size] = '\0';
    close(fd);
    return text;
}

static void start(char *command, const char *log_dir, size_t number) {
    struct slot *slot = slots;
    while (slot->pid) slot++;

    char path[4096];
    snprintf(path, sizeof path, "%s/%06zu.log", log_dir, number);
    slot->log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (slot->log < 0) die(path);

    int ends[2] = {-1, slot->log};
    if (piped && pipe2(ends, O_CLOEXEC)) die("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    char *argv[] = {"sh", "-c", command, NULL};
    errno = posix_spawn(&slot->pid, "/bin/sh", &actions, NULL, argv, environ);
    if (errno) die("spawn");
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    slot->output = ends[0];
    live++;
}

static void finish(struct slot *slot, int status) {
    failed += status != 0;
    slot->pid = 0;
    live--;
}

/* Waits until some output came and copies it; end of file ends the command. */
static void copy_output(void) {
    static char buffer[COPY_BYTES];
    struct pollfd polls[MAX_SLOTS];
    struct slot *polled[MAX_SLOTS];
    int count = 0;

    for (struct slot *slot = slots; slot < slots + slot_count; slot++)
        if (slot->pid) {
            polls[count] = (struct pollfd){.fd = slot->output, .events = POLLIN};
            polled[count++] = slot;
        }
    poll(polls, count, -1);
    for (int i = 0; i < count; i++) {
        if (!polls[i].revents) continue;
        struct slot *slot = polled[i];
        ssize_t got = read(slot->output, buffer, sizeof buffer);
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(slot->log, buffer + done, got - done);
            if (written < 0) die("write");
            done += written;
        }
        if (got <= 0) {
            int status;
            close(slot->output);
            close(slot->log);
            waitpid(slot->pid, &status, 0);
            finish(slot, status);
        }
    }
}

static void await_one(void) {
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    struct slot *slot = slots;
    while (slot->pid != pid) slot++;
    finish(slot, status);
}

int main(int argc, char **argv) {
    const char *log_dir = NULL, *file = NULL;
    size_t number = 0;

    for (int option; (option = getopt(argc, argv, "P:f:l:m:")) != -1;) {
        if (option == 'P') slot_count = atoi(optarg);
        else if (option == 'f') file = optarg;
        else if (option == 'l') log_dir = optarg;
        else if (option == 'm') piped = !strcmp(optarg, "pipe");
        else return 2;
    }
    if (!file || !log_dir || slot_count < 1 || slot_count > MAX_SLOTS) return 2;

    char *next = strtok(read_file(file), "\n");
    while (next || live) {
        for (; next && live < (size_t)slot_count; next = strtok(NULL, "\n")) start(next, log_dir, number++);
        if (piped) copy_output();
        else await_one();
    }
    printf("%zu commands, %zu failed\n", number, failed);
    return failed != 0;
}
