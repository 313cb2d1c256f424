/* test.h: cmocka with its includes in the right order, and a main for a test file. */
#ifndef WEIR_BASE_TEST_H
#define WEIR_BASE_TEST_H
#include "base/base.h"
#include "base/error.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TEST_MAIN(...)                                                                                       \
    int main(void)                                                                                           \
    {                                                                                                        \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                                     \
        return cmocka_run_group_tests(tests, NULL, NULL);                                                    \
    }

/* Fail with the sentence of e unless call gives OK. */
#define ASSERT_OK(call, e)                                                                                   \
    do {                                                                                                     \
        if ((call) != OK)                                                                                    \
            fail_msg("%s: %s", #call, (e)->text);                                                            \
    } while (0)
#endif
