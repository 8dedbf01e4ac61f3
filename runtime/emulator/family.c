/* family.c: see family.h. */
#include "family.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAMILY_MAX = 512, PROCESSES_MAX = 32768 };

struct relation {
    pid_t pid, parent;
};

/* The parent of a process, from /proc/PID/stat: "PID (NAME) STATE PPID ..." where NAME may hold anything. 0: gone. */
static pid_t parent_of(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *end = strrchr(text, ')');
    return end == NULL || strlen(end) < 4 ? 0 : (pid_t)strtol(end + 4, NULL, 10);
}

/* Everything that runs, with its parent. NULL without memory or /proc; the caller frees it. */
static struct relation *read_relations(size_t *count)
{
    DIR *folder = opendir("/proc");
    struct relation *out = folder == NULL ? NULL : malloc(PROCESSES_MAX * sizeof *out);
    *count = 0;
    if (out != NULL) {
        for (struct dirent *entry; (entry = readdir(folder)) != NULL && *count < PROCESSES_MAX;) {
            pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
            if (pid > 0)
                out[(*count)++] = (struct relation){ pid, parent_of(pid) };
        }
    }
    if (folder != NULL)
        closedir(folder);
    return out;
}

/* Children as the kernel lists them for one thread, which costs microseconds; -1 where it has no such list. */
static int children_of_task(pid_t pid, const char *task, pid_t *out, size_t room)
{
    char path[320];
    long child;
    int count = 0;
    snprintf(path, sizeof path, "/proc/%ld/task/%s/children", (long)pid, task);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while ((size_t)count < room && fscanf(file, "%ld", &child) == 1)
        out[count++] = (pid_t)child;
    fclose(file);
    return count;
}

static int children_of(pid_t pid, pid_t *out, size_t room)
{
    char path[64];
    int count = 0, more = 0;
    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0; /* it is gone */
    for (struct dirent *entry; more >= 0 && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        more = children_of_task(pid, entry->d_name, out + count, room - (size_t)count);
        count += more > 0 ? more : 0;
    }
    closedir(folder);
    return more < 0 && count == 0 ? -1 : count;
}

/* The slow way: everything that runs is asked for its parent. */
static size_t collect_all(pid_t root, pid_t family[FAMILY_MAX])
{
    size_t count = 1, total = 0;
    family[0] = root;
    struct relation *all = read_relations(&total);
    for (size_t at = 0; all != NULL && at < count; at++)
        for (size_t i = 0; i < total && count < FAMILY_MAX; i++)
            if (all[i].parent == family[at])
                family[count++] = all[i].pid;
    free(all);
    return count;
}

/* The family, `root` first. How many. */
static size_t collect(pid_t root, pid_t family[FAMILY_MAX])
{
    size_t count = 1;
    family[0] = root;
    for (size_t at = 0; at < count; at++) {
        int more = children_of(family[at], family + count, FAMILY_MAX - count);
        if (more < 0)
            return collect_all(root, family);
        count += (size_t)more;
    }
    return count;
}

void family_signal(pid_t root, int signal_number)
{
    pid_t family[FAMILY_MAX];
    size_t count = collect(root, family);
    for (size_t i = 0; i < count; i++)
        kill(family[i], signal_number);
}

/* Resident and shared pages, from /proc/PID/statm. */
static bool pages_of(pid_t pid, int64_t *resident, int64_t *shared)
{
    char path[64];
    long long pages[3];
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool read = fscanf(file, "%lld %lld %lld", &pages[0], &pages[1], &pages[2]) == 3;
    fclose(file);
    *resident = read ? pages[1] : 0;
    *shared = read ? pages[2] : 0;
    return read;
}

int64_t family_resident(pid_t root)
{
    pid_t family[FAMILY_MAX];
    int64_t own = 0, most_shared = 0, resident, shared;
    size_t count = collect(root, family);
    for (size_t i = 0; i < count; i++) {
        if (!pages_of(family[i], &resident, &shared))
            continue;
        own += resident - shared;
        if (shared > most_shared)
            most_shared = shared;
    }
    return (own + most_shared) * sysconf(_SC_PAGESIZE);
}
