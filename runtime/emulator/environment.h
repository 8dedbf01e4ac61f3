/* environment.h: the environment of a function, as Lambda makes it, with credentials that open nothing. */
#ifndef EMULATOR_ENVIRONMENT_H
#define EMULATOR_ENVIRONMENT_H

struct environment_config {
    const char *function_name;
    const char *bootstrap;   /* its folder becomes LAMBDA_TASK_ROOT */
    const char *const *more; /* the user's "NAME=value", NULL-terminated or NULL: they win */
    int memory_mb;           /* MemorySize; 0: 128 */
    int port;                /* of the Runtime API: nothing wins over it */
};

/* NULL-terminated; what is not Lambda's comes from the caller's own environment. NULL where there is no memory. */
char **environment_new(const struct environment_config *config);
void environment_free(char **environment);
#endif
