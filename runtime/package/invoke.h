/* invoke.h: one event to a function, through the Invoke URL that `ddbstream serve` offers. */
#ifndef PACKAGE_INVOKE_H
#define PACKAGE_INVOKE_H

/* Post the content of a file and print the answer on stdout. Returns an exit status: 0 the function answered, 1 it
 * answered with an error, 2 the file cannot be read or nobody answered within a minute. */
int invoke(const char *url, const char *event_path);
#endif
