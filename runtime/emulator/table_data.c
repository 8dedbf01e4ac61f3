/* table_data.c: see table_data.h. */
#include "table_data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

static const char FORMAT[] = "ddbstream table 1\n";

enum { FORMAT_LEN = sizeof FORMAT - 1, CRC_LEN = 8 };

struct table_data {
    int fd;
    off_t len;   /* of the complete lines */
    bool broken; /* it ends with something that could not be taken back */
};

static unsigned long crc_of(const char *line, size_t len)
{
    return crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)line, len);
}

/* ---- Appending --------------------------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

bool table_data_keep(void *user, const char *line, size_t len)
{
    struct table_data *data = user;
    char *whole = data->broken ? NULL : malloc(len + CRC_LEN + 3);
    if (whole == NULL)
        return false;
    snprintf(whole, CRC_LEN + 2, "%08lx ", crc_of(line, len));
    memcpy(whole + CRC_LEN + 1, line, len);
    whole[CRC_LEN + 1 + len] = '\n';
    bool kept = write_all(data->fd, whole, len + CRC_LEN + 2) && fdatasync(data->fd) == 0;
    free(whole);
    if (kept)
        data->len += (off_t)(len + CRC_LEN + 2);
    else
        data->broken = ftruncate(data->fd, data->len) != 0 || lseek(data->fd, data->len, SEEK_SET) != data->len;
    return kept;
}

/* ---- Reading again ----------------------------------------------------------------------------------------------- */

/* Whether a line, its end included, is whole. */
static bool is_whole(const char *line, size_t len)
{
    char *end;
    if (len < CRC_LEN + 2 || line[len - 1] != '\n' || line[CRC_LEN] != ' ')
        return false;
    unsigned long crc = strtoul(line, &end, 16);
    return end == line + CRC_LEN && crc == crc_of(line + CRC_LEN + 1, len - CRC_LEN - 2);
}

/* Do again what the file says behind its first line; `*good` gets the length of its whole lines. A broken line may only
 * be the last one. */
static bool replay(FILE *file, struct table_db *db, off_t *good, bool *torn, char *why, size_t why_size)
{
    char *line = NULL;
    size_t size = 0, number = 2;
    bool done = true;
    *torn = false;
    for (ssize_t len; done && (len = getline(&line, &size, file)) > 0; number++) {
        done = !*torn;
        if (!done) {
            snprintf(why, why_size, "line %zu is damaged, and others follow it", number - 1);
        } else if (!is_whole(line, (size_t)len)) {
            *torn = true;
        } else if (!table_replay(db, line + CRC_LEN + 1, (size_t)len - CRC_LEN - 2)) {
            snprintf(why, why_size, "line %zu cannot be done again", number);
            done = false;
        } else {
            *good += len;
        }
    }
    if (done && ferror(file)) {
        snprintf(why, why_size, "%s", strerror(errno));
        done = false;
    }
    free(line);
    return done;
}

/* Whether the file begins as ours do; one that is empty does, and gets its first line. A first line that was torn is
 * no damage either: nothing can follow it. */
static bool check_format(FILE *file, int fd, char *why, size_t why_size)
{
    char first[FORMAT_LEN + 1] = "";
    size_t len = fread(first, 1, FORMAT_LEN, file);
    if (len == FORMAT_LEN && memcmp(first, FORMAT, FORMAT_LEN) == 0)
        return true;
    if (len == FORMAT_LEN || memcmp(first, FORMAT, len) != 0) {
        snprintf(why, why_size, "not a file of ddbstream table");
        return false;
    }
    if (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && write_all(fd, FORMAT, FORMAT_LEN) && fsync(fd) == 0)
        return true;
    snprintf(why, why_size, "%s", strerror(errno));
    return false;
}

static bool load(struct table_data *data, struct table_db *db, bool *torn, char *why, size_t why_size)
{
    int copy = dup(data->fd);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
    if (file == NULL) {
        snprintf(why, why_size, "%s", strerror(errno));
        if (copy >= 0)
            close(copy);
        return false;
    }
    data->len = FORMAT_LEN;
    bool loaded = check_format(file, data->fd, why, why_size) && fseeko(file, FORMAT_LEN, SEEK_SET) == 0 &&
                  replay(file, db, &data->len, torn, why, why_size);
    fclose(file);
    if (loaded && (ftruncate(data->fd, data->len) != 0 || lseek(data->fd, data->len, SEEK_SET) != data->len)) {
        snprintf(why, why_size, "%s", strerror(errno));
        return false;
    }
    return loaded;
}

int table_data_open(struct table_data **out, const char *path, struct table_db *db, bool *torn, char *why,
                    size_t why_size)
{
    struct table_data *data = calloc(1, sizeof *data);
    char reason[128] = "out of memory";
    if (data != NULL) {
        data->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (data->fd < 0)
            snprintf(reason, sizeof reason, "%s", strerror(errno));
        else if (flock(data->fd, LOCK_EX | LOCK_NB) != 0)
            snprintf(reason, sizeof reason, "%s",
                     errno == EWOULDBLOCK ? "another ddbstream table uses it" : strerror(errno));
        else if (load(data, db, torn, reason, sizeof reason)) {
            *out = data;
            return 0;
        }
    }
    snprintf(why, why_size, "%s: %s", path, reason);
    table_data_close(data);
    return -1;
}

void table_data_close(struct table_data *data)
{
    if (data == NULL)
        return;
    if (data->fd >= 0)
        close(data->fd);
    free(data);
}
