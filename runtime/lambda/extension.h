/* extension.h: a registered internal extension. Lambda sends SIGTERM before it ends an environment only where there is
 * one (developer guide, runtimes-extensions-api); it subscribes to nothing. */
#ifndef LAMBDA_EXTENSION_H
#define LAMBDA_EXTENSION_H

struct ddbs_extension;

/**
 * Register, and leave its request for the next event on a connection of its own, where it waits for ever: it subscribes
 * to nothing, so nobody looks for a response. Only during the initialization. The caller frees it with
 * ddbs_extension__free().
 * @param address  as in AWS_LAMBDA_RUNTIME_API; outlives it
 * @return NULL where that was not possible; it has been said why, and nothing but SIGTERM is missing
 */
struct ddbs_extension *ddbs_extension__new(const char *address);
void ddbs_extension__free(struct ddbs_extension *extension);
#endif
