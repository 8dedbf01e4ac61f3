/* id.c: see id.h. */
#include "id.h"

#include "clock.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* Where the kernel has no randomness to give, time and process are enough to tell identifiers apart. */
static unsigned random_byte(void)
{
    static unsigned count;
    unsigned char byte;
    if (getrandom(&byte, 1, GRND_NONBLOCK) == 1)
        return byte;
    return (unsigned)(clock_ms(CLOCK_MONOTONIC) * 31 + getpid() * 7 + (int)count++) & 0xff;
}

void id_hex(char *out, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        out[i] = "0123456789abcdef"[random_byte() & 15];
    out[digits] = '\0';
}

void id_uuid(char out[ID_UUID_SIZE])
{
    char hex[32 + 1];
    id_hex(hex, 32);
    hex[12] = '4'; /* version: random */
    hex[16] = "89ab"[hex[16] & 3];
    snprintf(out, ID_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}
