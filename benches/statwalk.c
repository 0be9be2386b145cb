/* statwalk DIR [THREADS]
 *
 * The least that must be done to find out whether any file below DIR has
 * changed: every directory is read, every file is looked at once. The
 * directories right below DIR are shared out among the threads.
 * Prints how many files there were, and a sum so that nothing is left out. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_THREADS = 64 };

static int top;
static char **parts;
static size_t part_count;
static atomic_size_t next_part;
static atomic_ulong files, sum;

static int open_folder(int at, const char *name) {
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void walk(int folder) {
    DIR *stream = folder < 0 ? NULL : fdopendir(folder);
    if (!stream)
        return;
    unsigned long count = 0, seen = 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (entry->d_type == DT_DIR) {
            walk(open_folder(folder, entry->d_name));
            continue;
        }
        struct stat file;
        if (fstatat(folder, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) == 0) {
            count++;
            seen += (unsigned long)file.st_size ^ (unsigned long)file.st_ctim.tv_nsec;
        }
    }
    closedir(stream);
    files += count;
    sum += seen;
}

static void *work(void *unused) {
    (void)unused;
    for (size_t part; (part = next_part++) < part_count;)
        walk(open_folder(top, parts[part]));
    return NULL;
}

int main(int count, char **words) {
    int threads = count > 2 ? atoi(words[2]) : 1;
    top = count > 1 ? open_folder(AT_FDCWD, words[1]) : -1;
    DIR *stream = top < 0 ? NULL : fdopendir(dup(top));
    if (!stream || threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: statwalk DIR [THREADS]\n");
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        parts = realloc(parts, (part_count + 1) * sizeof *parts);
        if (!parts || !(parts[part_count] = strdup(entry->d_name)))
            return 1;
        part_count++;
    }
    closedir(stream);
    pthread_t others[MAX_THREADS];
    int started = 0;
    while (started < threads - 1 && !pthread_create(&others[started], NULL, work, NULL))
        started++;
    work(NULL);
    for (int i = 0; i < started; i++)
        pthread_join(others[i], NULL);
    printf("%lu files, sum %lu\n", (unsigned long)files, (unsigned long)sum);
    return 0;
}
