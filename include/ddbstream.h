/* ddbstream.h: everything a handler needs. */
#ifndef DDBSTREAM_H
#define DDBSTREAM_H
#include <ddbstream/base.h>
#include <ddbstream/consumer.h>
#include <ddbstream/event.h>
#include <ddbstream/lambda.h>
#include <ddbstream/num.h>
#include <ddbstream/value.h>
#endif
