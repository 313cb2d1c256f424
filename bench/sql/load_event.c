/* load_event.c: the messages: trades as an exchange sends them (187 bytes in the mean), and events of an
 * application (203 bytes), as JSON.
 */
#include "load.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT",
                                      "ADAUSDT", "BNBUSDT", "DOTUSDT", "LTCUSDT"};

/* Numbers that look random, each from the one before (splitmix64). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint64_t state_of(uint64_t seed, int64_t number)
{
    return seed * 1000003 + (uint64_t)number * 0xd1342543de82ef95;
}

size_t load_trade(char *to, uint64_t seed, int64_t number)
{
    uint64_t s = state_of(seed, number);
    int64_t ms = 1760000000000 + number / 20;
    const char *symbol = symbols[draw(&s) % COUNT_OF(symbols)];
    uint64_t price = draw(&s) % 6000000000000, amount = draw(&s) % 300000000;
    uint64_t buyer = 90000000000 + draw(&s) % 1000000000, seller = 90000000000 + draw(&s) % 1000000000;
    const char *maker = draw(&s) & 1 ? "true" : "false", *venue = draw(&s) & 1 ? "binance" : "kraken";

    return (size_t)snprintf(to, LOAD_MESSAGE_BYTES,
                            "{\"at\":%" PRId64 ",\"symbol\":\"%s\",\"id\":%" PRId64 ",\"price\":\"%" PRIu64
                            ".%08" PRIu64 "\",\"size\":\"%" PRIu64 ".%08" PRIu64 "\",\"buyer\":%" PRIu64
                            ",\"seller\":%" PRIu64 ",\"sequence\":%" PRId64 ",\"maker\":%s,\"venue\":\"%s\"}",
                            ms, symbol, 4000000000 + number, price / 100000000, price % 100000000,
                            amount / 100000000, amount % 100000000, buyer, seller, number % 1000, maker,
                            venue);
}

size_t load_event(char *to, uint64_t seed, int64_t number, int64_t us)
{
    static const char *const kinds[] = {"page_view", "purchase", "update", "login"};
    uint64_t s = state_of(seed, number);
    uint64_t id = draw(&s), account = draw(&s) % 50000;
    const char *kind = kinds[draw(&s) % COUNT_OF(kinds)], *symbol = symbols[draw(&s) % COUNT_OF(symbols)];
    uint64_t cents = draw(&s) % 100000, quantity = draw(&s) % 100, session = draw(&s) & 0xffffffffffff;

    return (size_t)snprintf(
        to, LOAD_MESSAGE_BYTES,
        "{\"event_id\":\"%016" PRIx64 "\",\"account\":\"acct_%05" PRIu64
        "\",\"kind\":\"%s\",\"symbol\":\"%s\","
        "\"price\":%" PRIu64 ".%02" PRIu64 ",\"quantity\":%" PRIu64 ",\"session\":\"%012" PRIx64
        "\",\"number\":%" PRId64 ",\"ts\":%" PRId64 ",\"channel\":\"web-beta\"}",
        id, account, kind, symbol, cents / 100, cents % 100, quantity, session, number, us);
}

/* --- what k2k.sql does, by hand ------------------------------------------------------------------------ */

struct piece {
    const char *at;
    size_t len;
};

/* A field's value without its quotes; name with quotes and colon. The messages are ours: they have it. */
static struct piece field(const char *text, size_t bytes, const char *name)
{
    size_t name_len = strlen(name);
    const char *at = memmem(text, bytes, name, name_len), *end = text + bytes, *to;

    if (at == NULL)
        load_die("a message without %s", name);
    at += name_len;
    if (*at == '"')
        at++;
    for (to = at; to < end && *to != '"' && *to != ',' && *to != '}'; to++)
        ;
    return (struct piece){at, (size_t)(to - at)};
}

static bool is(struct piece p, const char *text)
{
    return p.len == strlen(text) && memcmp(p.at, text, p.len) == 0;
}

size_t load_filter(char *to, const char *event, size_t bytes)
{
    struct piece kind = field(event, bytes, "\"kind\":"), id, account, symbol, number, ts;
    double price, quantity;

    if (!is(kind, "purchase") && !is(kind, "update"))
        return 0;
    if ((price = strtod(field(event, bytes, "\"price\":").at, NULL)) <= 100)
        return 0;
    quantity = strtod(field(event, bytes, "\"quantity\":").at, NULL);
    id = field(event, bytes, "\"event_id\":");
    account = field(event, bytes, "\"account\":");
    symbol = field(event, bytes, "\"symbol\":");
    number = field(event, bytes, "\"number\":");
    ts = field(event, bytes, "\"ts\":");
    return (size_t)snprintf(
        to, LOAD_MESSAGE_BYTES,
        "{\"event_id\":\"%.*s\",\"account\":\"%.*s\",\"kind\":\"%.*s\",\"symbol\":\"%.*s\",\"total\":%.2f,"
        "\"number\":%.*s,\"ts\":%.*s}",
        (int)id.len, id.at, (int)account.len, account.at, (int)kind.len, kind.at, (int)symbol.len, symbol.at,
        price * quantity, (int)number.len, number.at, (int)ts.len, ts.at);
}

int64_t load_event_us(const char *text, size_t bytes)
{
    return strtoll(field(text, bytes, "\"ts\":").at, NULL, 10);
}
