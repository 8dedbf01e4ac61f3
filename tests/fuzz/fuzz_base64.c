/* fuzz_base64.c: any bytes as base64, and as bytes to encode: inverse of each other, and what a naive decoder says. */
#include "lib/base64.h"
#include "tests/fuzz/property.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit(char c)
{
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);
    return at == NULL ? -1 : (int)(at - alphabet);
}

/* Bit by bit: strip the padding, collect six bits a character, drop what does not fill a byte if it is zero. */
static bool naive_decode(unsigned char *out, const char *text, size_t len, size_t *used)
{
    size_t padding = 0, bits = 0;
    unsigned rest = 0;
    *used = 0;
    if (len % 4 != 0)
        return false;
    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < len - padding; i++) {
        if (digit(text[i]) < 0)
            return false;
        for (int bit = 5; bit >= 0; bit--) {
            rest = rest << 1 | ((unsigned)digit(text[i]) >> bit & 1);
            if (++bits % 8 == 0) {
                out[(*used)++] = (unsigned char)rest;
                rest = 0;
            }
        }
    }
    return rest == 0;
}

/* Exactly `size` bytes, so that one too far is seen. */
static void *room(size_t size)
{
    void *ptr = calloc(1, size == 0 ? 1 : size);
    PROPERTY(ptr != NULL);
    return ptr;
}

static void check_decoding(const char *text, size_t size)
{
    char *place = room(size), *again = room(size);
    unsigned char *naive = room(size);
    size_t used = 0, naively = 0;
    memcpy(place, text, size);
    bool accepted = ddbs_base64__decode(place, place, size, &used);
    PROPERTY(accepted == naive_decode(naive, text, size, &naively));
    if (accepted) {
        PROPERTY(used == naively && used <= size / 4 * 3 && memcmp(place, naive, used) == 0);
        PROPERTY(ddbs_base64__encoded(used) == size);
        ddbs_base64__encode(again, (const unsigned char *)place, used);
        PROPERTY(memcmp(again, text, size) == 0);
    }
    free(place);
    free(naive);
    free(again);
}

static void check_encoding(const unsigned char *bytes, size_t size)
{
    size_t chars = ddbs_base64__encoded(size), used = 0;
    char *text = room(chars);
    PROPERTY(chars % 4 == 0);
    ddbs_base64__encode(text, bytes, size);
    for (size_t i = 0; i < chars; i++)
        PROPERTY(digit(text[i]) >= 0 || (text[i] == '=' && i + 2 >= chars));
    PROPERTY(ddbs_base64__decode(text, text, chars, &used) && used == size);
    PROPERTY(memcmp(text, bytes, size) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *bytes = size == 0 ? (const uint8_t *)"" : data;
    check_decoding((const char *)bytes, size);
    check_encoding(bytes, size);
    return 0;
}
