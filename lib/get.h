/* get.h: numbers as members of structs. */
#ifndef LIB_GET_H
#define LIB_GET_H
#include <ddbstream/value.h>

/* Whether `type` is an integer of 8 to 64 bits. */
bool ddbs_get__is_integer(ddbs_ctype type);

/* `num` times 10^`scale` as such an integer. Status as of ddbs_num_scaled. */
ddbs_status ddbs_get__integer(ddbs_num num, int scale, ddbs_ctype type, void *out);

/* Sign and magnitude of such an integer. */
uint64_t ddbs_get__magnitude(ddbs_ctype type, const void *in, bool *negative);

/* Write an integer of sign and magnitude, DDBS_E_RANGE where the type is too small. */
ddbs_status ddbs_get__store(bool negative, uint64_t magnitude, ddbs_ctype type, void *out);
#endif
