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

/* The family, `root` first. How many. */
static size_t collect(pid_t root, pid_t family[FAMILY_MAX])
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
