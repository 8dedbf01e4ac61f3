/* ddbstream.h: everything a handler needs. */
#ifndef DDBSTREAM_H
#define DDBSTREAM_H
#include <ddbstream/aws.h>
#include <ddbstream/base.h>
#include <ddbstream/bind.h>
#include <ddbstream/consumer.h>
#include <ddbstream/convert.h>
#include <ddbstream/diff.h>
#include <ddbstream/dynamodb.h>
#include <ddbstream/event.h>
#include <ddbstream/filter.h>
#include <ddbstream/idempotency.h>
#include <ddbstream/lambda.h>
#include <ddbstream/log.h>
#include <ddbstream/metrics.h>
#include <ddbstream/num.h>
#include <ddbstream/value.h>
#endif
