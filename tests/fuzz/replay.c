/* replay.c: runs a fuzz target over files and folders, without any fuzzer: the corpus as a test for every compiler. */
#include "tests/fuzz/property.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN = 1024 };

static char current[PATH_LEN]; /* the input at hand, for a crash */
static size_t inputs;

/* A property that does not hold aborts: say for which input. Only calls that a signal handler may make. */
static void name_input(int signal_number)
{
    static const char begin[] = "not ok - corpus input ";
    if (write(1, begin, sizeof begin - 1) > 0 && write(1, current, strlen(current)) > 0 && write(1, "\n", 1) > 0)
        signal(signal_number, SIG_DFL);
    _exit(1);
}

/* An allocation of exactly the input's size, so that a byte too far is seen by a sanitizer. */
static bool run_file(const char *path, off_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size == 0 ? 1 : (size_t)size);
    bool read = file != NULL && data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size;
    if (file != NULL)
        fclose(file);
    if (read) {
        snprintf(current, sizeof current, "%s", path);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        inputs++;
    } else {
        printf("not ok - %s: cannot be read\n", path);
    }
    free(data);
    return read;
}

static bool run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        printf("not ok - %s: no such file\n", path);
        return false;
    }
    return run_file(path, status.st_size);
}

/* The files of a folder, in the order of their names. */
static bool run_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    bool all = count >= 0;
    for (int i = 0; i < count; i++) {
        char inner[PATH_LEN];
        bool fits = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name) < (int)sizeof inner;
        if (entries[i]->d_name[0] != '.')
            all = fits && run_path(inner) && all;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return all;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* "replay_value" replays for "value". */
static const char *target_of(const char *program)
{
    const char *name = strrchr(program, '_');
    return name == NULL ? program : name + 1;
}

int main(int argc, char **argv)
{
    bool all = true;
    signal(SIGABRT, name_input);
    for (int i = 1; i < argc; i++)
        all = (is_folder(argv[i]) ? run_folder(argv[i]) : run_path(argv[i])) && all;
    all = all && inputs > 0;
    printf("%s - corpus %s (%zu inputs)\n", all ? "ok" : "not ok", target_of(argv[0]), inputs);
    return all ? 0 : 1;
}
