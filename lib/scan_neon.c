/* scan_neon.c: struct scan for every AArch64 processor: Lambda's Graviton. */
#include "lib/scan_tables.h"

#if defined(__aarch64__) && defined(__ORDER_LITTLE_ENDIAN__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>

#define SCAN_TARGET

struct block {
    uint8x16_t part[4];
};

static inline struct block block_load(const char *text)
{
    const uint8_t *from = (const uint8_t *)text;
    return (struct block){ { vld1q_u8(from), vld1q_u8(from + 16), vld1q_u8(from + 32), vld1q_u8(from + 48) } };
}

/* NEON has no movemask: each byte keeps the bit of its place, and pairs are added three times. */
static inline uint64_t bits(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t place = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
    uint8x16_t low = vpaddq_u8(vandq_u8(a, place), vandq_u8(b, place));
    uint8x16_t high = vpaddq_u8(vandq_u8(c, place), vandq_u8(d, place));
    uint8x16_t sum = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

static inline uint64_t block_is(struct block block, char byte)
{
    uint8x16_t wanted = vdupq_n_u8((uint8_t)byte);
    return bits(vceqq_u8(block.part[0], wanted), vceqq_u8(block.part[1], wanted), vceqq_u8(block.part[2], wanted),
                vceqq_u8(block.part[3], wanted));
}

static inline uint64_t block_same(struct block a, struct block b)
{
    return bits(vceqq_u8(a.part[0], b.part[0]), vceqq_u8(a.part[1], b.part[1]), vceqq_u8(a.part[2], b.part[2]),
                vceqq_u8(a.part[3], b.part[3]));
}

static inline uint8x16_t care(uint8x16_t bytes)
{
    return vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x20)), vceqq_u8(bytes, vdupq_n_u8('\\')));
}

static inline uint64_t block_care(struct block block)
{
    return bits(care(block.part[0]), care(block.part[1]), care(block.part[2]), care(block.part[3]));
}

/* Bit 5 tells '[' from '{' and ']' from '}'. */
static inline uint8x16_t bracket(uint8x16_t bytes)
{
    uint8x16_t curly = vorrq_u8(bytes, vdupq_n_u8(0x20));
    return vorrq_u8(vceqq_u8(curly, vdupq_n_u8('{')), vceqq_u8(curly, vdupq_n_u8('}')));
}

static inline uint64_t block_bracket(struct block block)
{
    return bits(bracket(block.part[0]), bracket(block.part[1]), bracket(block.part[2]), bracket(block.part[3]));
}

static inline uint64_t prefix_xor(uint64_t value)
{
    for (unsigned step = 1; step < 64; step *= 2)
        value ^= value << step;
    return value;
}

#include "lib/scan_blocks.h"

/* What is wrong with the bytes, each judged with the three before it; see scan_tables.h. */
static inline uint8x16_t utf8_faults(uint8x16_t bytes, uint8x16_t before)
{
    uint8x16_t one = vextq_u8(before, bytes, 15), two = vextq_u8(before, bytes, 14),
               three = vextq_u8(before, bytes, 13);
    uint8x16_t pair = vandq_u8(vqtbl1q_u8(vld1q_u8(ddbs_scan__utf8_lead_high), vshrq_n_u8(one, 4)),
                               vqtbl1q_u8(vld1q_u8(ddbs_scan__utf8_lead_low), vandq_u8(one, vdupq_n_u8(15))));
    pair = vandq_u8(pair, vqtbl1q_u8(vld1q_u8(ddbs_scan__utf8_next_high), vshrq_n_u8(bytes, 4)));
    uint8x16_t continues = vorrq_u8(vcgeq_u8(two, vdupq_n_u8(0xe0)), vcgeq_u8(three, vdupq_n_u8(0xf0)));
    return veorq_u8(pair, vandq_u8(continues, vdupq_n_u8(0x80)));
}

static inline uint8_t highest(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    return vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d)));
}

static size_t utf8(const char *text, size_t len)
{
    uint8x16_t before = vdupq_n_u8(0);
    bool open = false; /* the block before had other bytes than ASCII, so a character may go on */
    size_t at = 0;
    for (; at + BLOCK <= len; at += BLOCK) {
        struct block block = block_load(text + at);
        const uint8x16_t *part = block.part;
        bool ascii = highest(part[0], part[1], part[2], part[3]) < 0x80;
        if ((!ascii || open) && highest(utf8_faults(part[0], before), utf8_faults(part[1], part[0]),
                                        utf8_faults(part[2], part[1]), utf8_faults(part[3], part[2])) != 0)
            break;
        open = !ascii;
        before = part[3];
    }
    return character_begin(text, at);
}

/* The values of 16 characters, 64 or more for what is none. */
static inline uint8x16_t base64_values(uint8x16_t bytes, uint8x16x4_t low, uint8x16x4_t high)
{
    uint8x16_t values = vqtbx4q_u8(vdupq_n_u8(255), low, bytes);
    return vqtbx4q_u8(values, high, vsubq_u8(bytes, vdupq_n_u8(64)));
}

static size_t base64(char *out, const char *text, size_t len)
{
    uint8x16x4_t low = vld1q_u8_x4(ddbs_scan__base64), high = vld1q_u8_x4(ddbs_scan__base64 + 64);
    size_t at = 0;
    for (; at + 64 <= len; at += 64, out += 48) {
        uint8x16x4_t bytes = vld4q_u8((const uint8_t *)text + at);
        for (int i = 0; i < 4; i++)
            bytes.val[i] = base64_values(bytes.val[i], low, high);
        if (highest(bytes.val[0], bytes.val[1], bytes.val[2], bytes.val[3]) > 63)
            break;
        uint8x16x3_t packed;
        packed.val[0] = vorrq_u8(vshlq_n_u8(bytes.val[0], 2), vshrq_n_u8(bytes.val[1], 4));
        packed.val[1] = vorrq_u8(vshlq_n_u8(bytes.val[1], 4), vshrq_n_u8(bytes.val[2], 2));
        packed.val[2] = vorrq_u8(vshlq_n_u8(bytes.val[2], 6), bytes.val[3]);
        vst3q_u8((uint8_t *)out, packed);
    }
    return at;
}

const struct scan ddbs_scan__neon = { "neon", scan_map, scan_solid, scan_skip, scan_common, utf8, base64 };
#endif
