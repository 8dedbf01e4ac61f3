/* invoke.c: see invoke.h. */
#include "invoke.h"

#include "runtime/emulator/command.h"

#include <curl/curl.h>
#include <ddbstream/base.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const long TIMEOUT_S = 60;

/* Lambda marks a function's error with this header; the status is 200 all the same. */
static size_t take_header(char *line, size_t size, size_t count, void *failed)
{
    static const char NAME[] = "X-Amz-Function-Error:";
    if (size * count >= sizeof NAME && strncasecmp(line, NAME, sizeof NAME - 1) == 0)
        *(bool *)failed = true;
    return size * count;
}

static int post(CURL *curl, const char *url, const char *event, size_t len)
{
    char why[CURL_ERROR_SIZE] = "";
    bool failed = false;
    long status = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, event);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &failed);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    putchar('\n');
    if (code == CURLE_OK)
        return status == 200 && !failed ? EXIT_HELD : EXIT_BAD_INPUT;
    fprintf(stderr, "%s: %s\n", url, why[0] != '\0' ? why : curl_easy_strerror(code));
    return EXIT_CANNOT_RUN;
}

int invoke(const char *url, const char *event_path)
{
    char *event, why[256];
    size_t len;
    if (command_read(event_path, DDBS_EVENT_BYTES_MAX, &event, &len, why, sizeof why) != 0) {
        fprintf(stderr, "%s\n", why);
        return EXIT_CANNOT_RUN;
    }
    CURL *curl = curl_easy_init();
    int status = curl == NULL ? EXIT_CANNOT_RUN : post(curl, url, event, len);
    curl_easy_cleanup(curl);
    free(event);
    return status;
}
