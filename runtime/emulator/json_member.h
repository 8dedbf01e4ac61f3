/* json_member.h: a member of a JSON object as it stands in the text: what is passed on unchanged is not parsed. */
#ifndef EMULATOR_JSON_MEMBER_H
#define EMULATOR_JSON_MEMBER_H
#include <ddbstream/base.h>

/* The value of the first member `name`, without the white space around it; {NULL, 0} where there is none, or the
 * text is no JSON object up to there. The text is UTF-8. */
ddbs_str json_member(ddbs_str object, const char *name);
#endif
