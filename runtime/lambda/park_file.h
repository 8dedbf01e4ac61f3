/* park_file.h: whether a file can be parked in. */
#ifndef LAMBDA_PARK_FILE_H
#define LAMBDA_PARK_FILE_H
#include <ddbstream/lambda.h>

/**
 * Check a policy before anything runs: where its sink is ddbs_park_to_file, the file must be where it lasts, and can be
 * opened; it is then there.
 * @param error  says what is wrong with it
 * @return DDBS_OK, for all other sinks, too; DDBS_E_USAGE
 */
ddbs_status ddbs_park_file__check(const ddbs_park_policy *policy, ddbs_error *error) DDBS_MUST_CHECK;
#endif
