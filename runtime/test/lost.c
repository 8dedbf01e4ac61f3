/* lost.c: what a lost process held is lost with it, and is no leak of the handler. Where the test runs under
 * LeakSanitizer that is told so; elsewhere these do nothing. */
#include "runtime/test/driver.h"

#include <setjmp.h>
#include <stdint.h>

/* lsan_interface.h of GCC and Clang; NULL without the sanitizer. */
extern void __lsan_ignore_object(const void *object) __attribute__((weak));
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

/* Words that are no address of an allocation do not matter to it. Registers are in the jmp_buf; not instrumented, for
 * it reads what no variable is. */
__attribute__((no_sanitize("address"), noinline)) void driver_lose_frames(const void *frame)
{
    jmp_buf registers;
    if (__lsan_ignore_object == NULL || setjmp(registers) != 0)
        return;
    for (const void *const *at = (const void *)&registers; (uintptr_t)at < (uintptr_t)frame; at++)
        __lsan_ignore_object(*at);
}

void driver_begin_process(void)
{
    if (__lsan_disable != NULL)
        __lsan_disable();
}

void driver_end_process(void)
{
    if (__lsan_enable != NULL)
        __lsan_enable();
}
