/* dashboard.h: the consumer and settings of dashboard.c, for main() and for its test. */
#ifndef DASHBOARD_H
#define DASHBOARD_H
#include <ddbstream/lambda.h>

extern const ddbs_consumer dashboard;
extern const ddbs_lambda_options dashboard_options;
#endif
