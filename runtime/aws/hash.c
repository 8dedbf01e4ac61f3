/* hash.c: see hash.h. Both work on blocks of 64 bytes, and end in a block with a bit and the length. */
#include "runtime/aws/hash.h"

#include <string.h>

enum { BLOCK = 64, LENGTH_AT = 56, SHA_ROUNDS = 64, MD5_ROUNDS = 64 };

typedef void block_fn(uint32_t *state, const unsigned char *block);

static uint32_t rotate_right(uint32_t value, unsigned bits)
{
    return value >> bits | value << (32 - bits);
}

static uint32_t rotate_left(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

/* Run all blocks of a message. `big` says in which order the bytes of its length come. */
static void run_blocks(block_fn *run, uint32_t *state, ddbs_bytes bytes, bool big)
{
    unsigned char last[2 * BLOCK] = { 0 };
    size_t whole = bytes.len / BLOCK * BLOCK, rest = bytes.len - whole;
    size_t end = rest < LENGTH_AT ? BLOCK : 2 * BLOCK;
    uint64_t bits = (uint64_t)bytes.len * 8;
    for (size_t at = 0; at < whole; at += BLOCK)
        run(state, bytes.ptr + at);
    if (rest > 0)
        memcpy(last, bytes.ptr + whole, rest);
    last[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        last[end - 8 + i] = (unsigned char)(bits >> 8 * (big ? 7 - i : i));
    for (size_t at = 0; at < end; at += BLOCK)
        run(state, last + at);
}

static void write_hex(const uint32_t *state, size_t words, bool big, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < words * 4; i++) {
        unsigned shift = (unsigned)(big ? 3 - i % 4 : i % 4) * 8;
        unsigned byte = state[i / 4] >> shift & 0xff;
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    *out = '\0';
}

/* ---- SHA-256 ---- */

static const uint32_t sha_constants[SHA_ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void sha_schedule(const unsigned char *block, uint32_t w[SHA_ROUNDS])
{
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (size_t i = 16; i < SHA_ROUNDS; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        uint32_t s0 = rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3;
        uint32_t s1 = rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

static void sha_block(uint32_t *state, const unsigned char *block)
{
    uint32_t w[SHA_ROUNDS], v[8];
    sha_schedule(block, w);
    memcpy(v, state, sizeof v);
    for (size_t i = 0; i < SHA_ROUNDS; i++) {
        uint32_t s1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + sha_constants[i] + w[i];
        uint32_t s0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
}

void ddbs_hash__sha256(ddbs_bytes bytes, char out[DDBS_SHA256_TEXT])
{
    uint32_t state[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
    };
    run_blocks(sha_block, state, bytes, true);
    write_hex(state, 8, true, out);
}

/* ---- MD5 ---- */

/* The integer part of abs(sin(i + 1)) times 2^32. */
static const uint32_t md5_constants[MD5_ROUNDS] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
static const unsigned char md5_shifts[4][4] = {
    { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 }
};

/* The round's function, and which word of the block it takes. */
static uint32_t md5_mix(size_t i, const uint32_t v[4], size_t *word)
{
    switch (i / 16) {
    case 0:
        *word = i;
        return (v[1] & v[2]) | (~v[1] & v[3]);
    case 1:
        *word = (5 * i + 1) % 16;
        return (v[3] & v[1]) | (~v[3] & v[2]);
    case 2:
        *word = (3 * i + 5) % 16;
        return v[1] ^ v[2] ^ v[3];
    default:
        *word = 7 * i % 16;
        return v[2] ^ (v[1] | ~v[3]);
    }
}

static void md5_block(uint32_t *state, const unsigned char *block)
{
    uint32_t v[4];
    memcpy(v, state, sizeof v);
    for (size_t i = 0; i < MD5_ROUNDS; i++) {
        size_t word;
        uint32_t mixed = md5_mix(i, v, &word) + v[0] + md5_constants[i];
        const unsigned char *at = block + 4 * word;
        mixed += at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        v[0] = v[3];
        v[3] = v[2];
        v[2] = v[1];
        v[1] += rotate_left(mixed, md5_shifts[i / 16][i % 4]);
    }
    for (size_t i = 0; i < 4; i++)
        state[i] += v[i];
}

void ddbs_hash__md5(ddbs_bytes bytes, char out[DDBS_MD5_TEXT])
{
    uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
    run_blocks(md5_block, state, bytes, false);
    write_hex(state, 4, false, out);
}
