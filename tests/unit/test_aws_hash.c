/* test_aws_hash.c: SHA-256 and MD5 against the vectors of FIPS 180-4, RFC 1321 and NIST's byte-oriented tests. */
#include "check.h"
#include "runtime/aws/hash.h"

#include <stdlib.h>

static ddbs_bytes bytes_of(const char *text)
{
    return (ddbs_bytes){ (const unsigned char *)check_guard(text, strlen(text)), strlen(text) };
}

static const struct {
    const char *text, *sha256, *md5;
} vectors[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427e" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "900150983cd24fb0d6963f7d28e17f72" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "8215ef0796a20bcaaae116d3876c664a" },
    { "message digest", "f7846f55cf23e14eebeab5b4e1550cad5b509e3348fbc4efa3a1413d393cb650",
      "f96b697d7cb7938d525a2f31aaf161d0" },
    { "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "f371bc4a311f2b009eef952dd83ca80e2b60026c8e935592d0f9c308453c813e", "57edf4a22be3c955ac49da2e2107b67a" },
};

TEST(hashes_of_the_standard_vectors)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char sha256[DDBS_SHA256_TEXT], md5[DDBS_MD5_TEXT];
        ddbs_hash__sha256(bytes_of(vectors[i].text), sha256);
        ddbs_hash__md5(bytes_of(vectors[i].text), md5);
        CHECK_STR(sha256, vectors[i].sha256);
        CHECK_STR(md5, vectors[i].md5);
    }
}

TEST(hashes_of_a_million_letters)
{
    char sha256[DDBS_SHA256_TEXT], md5[DDBS_MD5_TEXT];
    size_t len = 1000000;
    unsigned char *letters = malloc(len);
    REQUIRE(letters != NULL);
    memset(letters, 'a', len);
    ddbs_hash__sha256((ddbs_bytes){ letters, len }, sha256);
    ddbs_hash__md5((ddbs_bytes){ letters, len }, md5);
    CHECK_STR(sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK_STR(md5, "7707d6ae4e027c70eea2a935c2296f21");
    free(letters);
}

/* The paddings: 55 bytes are the last that fit into one block, 56 need another. */
TEST(hashes_around_the_end_of_a_block)
{
    static const struct {
        size_t len;
        const char *md5;
    } ends[] = {
        { 55, "ef1772b6dff9a122358552954ad0df65" }, { 56, "3b0c8ac703f828b04c6c197006d17218" },
        { 57, "652b906d60af96844ebd21b674f35e93" }, { 63, "b06521f39153d618550606be297466d5" },
        { 64, "014842d480b571495a4a0363793f7367" }, { 65, "c743a45e0d2e6a95cb859adae0248435" },
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char text[80] = "", md5[DDBS_MD5_TEXT];
        memset(text, 'a', ends[i].len);
        ddbs_hash__md5(bytes_of(text), md5);
        CHECK_STR(md5, ends[i].md5);
    }
}
