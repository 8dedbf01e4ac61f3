/* extension.h: a registered internal extension. Lambda sends SIGTERM before it ends an environment only where there is
 * one (developer guide, runtimes-extensions-api); it subscribes to nothing. */
#ifndef LAMBDA_EXTENSION_H
#define LAMBDA_EXTENSION_H
#include "runtime/lambda/transport.h"

struct ddbs_extension;

/**
 * Register, and leave its request for the next event with the transport, where it waits for ever. Only during the
 * initialization. The caller frees it with ddbs_extension__free(), before the transport.
 * @param address  as in AWS_LAMBDA_RUNTIME_API
 * @return NULL where that was not possible; it has been said why, and nothing but SIGTERM is missing
 */
struct ddbs_extension *ddbs_extension__new(struct ddbs_transport *transport, const char *address);
void ddbs_extension__free(struct ddbs_extension *extension);
#endif
