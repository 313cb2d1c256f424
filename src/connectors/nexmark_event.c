/* nexmark_event.c: see nexmark_event.h. */
#include "connectors/nexmark_event.h"
#include "base/hash.h"
#include <math.h>
#include <stdio.h>

#define GOLDEN           UINT64_C(0x9e3779b97f4a7c15)
#define HOT_AUCTION_STEP 100 /* the hot auctions are those with numbers divisible by this */
#define HOT_SELLER_STEP  100
#define HOT_BIDDER_STEP  100
#define CATEGORIES       5
#define HOT_CHANNELS     4
#define CHANNELS         10000
#define TEXT_MAX         2048

static const char *const first_names[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                          "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
static const char *const last_names[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                         "Walton", "Smith",  "Jones",   "Noris"};
static const char *const cities[] = {"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
                                     "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
static const char *const states[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
static const char *const hot_channels[HOT_CHANNELS] = {"Google", "Facebook", "Baidu", "Apple"};

/* --- random numbers ----------------------------------------------------------------------------------- */

/* The nth random number of an event: others can be left out. */
static inline uint64_t bits(const struct nexmark_spec *s, int64_t number, uint64_t nth)
{
    return hash_mix(s->seed + (uint64_t)number * GOLDEN + nth * UINT64_C(0xd1b54a32d192ed03));
}

static inline int64_t below(uint64_t random, int64_t limit)
{
    return (int64_t)((unsigned __int128)random * (uint64_t)limit >> 64);
}

/* Prices are even on a logarithmic scale, 1 to 10 million cents. */
static int64_t price(uint64_t random)
{
    return llround(pow(10, (double)(random >> 11) * 0x1p-53 * 6) * 100);
}

/* --- who is there ------------------------------------------------------------------------------------- */

static int32_t round_of(const struct nexmark_spec *s)
{
    return s->person_share + s->auction_share + s->bid_share;
}

enum nexmark_kind nexmark_kind_of(const struct nexmark_spec *s, int64_t number)
{
    int64_t place = number % round_of(s);

    return place < s->person_share                      ? NEXMARK_PERSON
           : place < s->person_share + s->auction_share ? NEXMARK_AUCTION
                                                        : NEXMARK_BID;
}

int64_t nexmark_time_ms(const struct nexmark_spec *s, int64_t number)
{
    return s->base_ms + (int64_t)((double)number * 1000.0 / s->events_per_second);
}

/* The last person when event `number` happens, counted from 0. */
static inline int64_t last_person(const struct nexmark_spec *s, int64_t number)
{
    int64_t rounds = number / round_of(s), place = number % round_of(s);

    return rounds * s->person_share + MIN(place, s->person_share - 1);
}

/* The last auction; -1 before the first. */
static inline int64_t last_auction(const struct nexmark_spec *s, int64_t number)
{
    int64_t rounds = number / round_of(s), place = number % round_of(s) - s->person_share;

    if (place < 0) {
        rounds--;
        place = s->auction_share - 1;
    }
    return rounds * s->auction_share + MIN(place, s->auction_share - 1);
}

/* One of the people that take part now, or who is about to come. */
static int64_t some_person(const struct nexmark_spec *s, int64_t number, uint64_t random)
{
    int64_t count = last_person(s, number) + 1, active = MIN(count, s->active_people);

    return count - active + below(random, active);
}

static int64_t some_auction(const struct nexmark_spec *s, int64_t number, uint64_t random)
{
    int64_t last = MAX(last_auction(s, number), 0), first = MAX(last - s->in_flight_auctions, 0);

    return first + below(random, last - first + 1);
}

static int64_t bid_auction(const struct nexmark_spec *s, int64_t number)
{
    int64_t hot = MAX(last_auction(s, number), 0) / HOT_AUCTION_STEP * HOT_AUCTION_STEP;
    bool is_hot = below(bits(s, number, 0), s->hot_auctions) > 0;

    return NEXMARK_FIRST_AUCTION + (is_hot ? hot : some_auction(s, number, bits(s, number, 1)));
}

static int64_t bid_bidder(const struct nexmark_spec *s, int64_t number)
{
    int64_t hot = last_person(s, number) / HOT_BIDDER_STEP * HOT_BIDDER_STEP + 1;
    bool is_hot = below(bits(s, number, 2), s->hot_bidders) > 0;

    return NEXMARK_FIRST_PERSON + (is_hot ? hot : some_person(s, number, bits(s, number, 3)));
}

static int64_t auction_seller(const struct nexmark_spec *s, int64_t number)
{
    int64_t hot = last_person(s, number) / HOT_SELLER_STEP * HOT_SELLER_STEP;
    bool is_hot = below(bits(s, number, 0), s->hot_sellers) > 0;

    return NEXMARK_FIRST_PERSON + (is_hot ? hot : some_person(s, number, bits(s, number, 1)));
}

/* --- texts -------------------------------------------------------------------------------------------- */

static void append_text(struct column_builder *to, const char *text, int len)
{
    builder_copied(to, text, (size_t)len);
}

/* Eight letters at a time: each byte of random is scaled to 0..25, even ones and odd ones apart. */
static int write_letters(char *to, uint64_t random, int len)
{
    const uint64_t bytes = UINT64_C(0x00ff00ff00ff00ff);

    for (int i = 0; i < len; i += 8) {
        uint64_t even, odd, letters;

        random = hash_mix(random + GOLDEN);
        even = (random & bytes) * 26 >> 8 & bytes;
        odd = (random >> 8 & bytes) * 26 & ~bytes;
        letters = (even | odd) + UINT64_C(0x6161616161616161);
        memcpy(to + i, &letters, (size_t)MIN(len - i, 8));
    }
    return len;
}

static char *write_text(char *to, const char *text)
{
    size_t len = strlen(text);

    memcpy(to, text, len);
    return to + len;
}

static char *write_number(char *to, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    memcpy(to, digits + at, sizeof digits - at);
    return to + sizeof digits - at;
}

static void append_letters(struct column_builder *to, uint64_t random, int least, int most)
{
    char text[TEXT_MAX];

    append_text(to, text,
                write_letters(text, random, least + (int)below(hash_mix(random), most - least + 1)));
}

/* What brings an event to the size wanted, a fifth more or less. */
static void append_extra(struct column_builder *to, uint64_t random, int32_t size, int32_t wanted)
{
    int32_t missing = wanted - size, spread = missing / 5;

    if (missing <= 0)
        append_text(to, "", 0);
    else
        append_letters(to, random, missing - spread, MIN(missing + spread, TEXT_MAX));
}

static void append_email(struct column_builder *to, uint64_t random)
{
    char text[40];
    int n = write_letters(text, random, 7);

    text[n++] = '@';
    n += write_letters(text + n, ~random, 5);
    memcpy(text + n, ".com", 4);
    append_text(to, text, n + 4);
}

static void append_card(struct column_builder *to, uint64_t random)
{
    char text[24];

    append_text(to, text,
                snprintf(text, sizeof text, "%04d %04d %04d %04d", (int)(random % 10000),
                         (int)(random / 10000 % 10000), (int)((random >> 27) % 10000),
                         (int)((random >> 40) % 10000)));
}

/* --- fields ------------------------------------------------------------------------------------------- */

static void append_person(const struct nexmark_spec *s, int field, int64_t number, struct column_builder *to)
{
    uint64_t random = bits(s, number, 8 + (uint64_t)field);
    char text[64];

    switch ((enum nexmark_person)field) {
    case PERSON_ID:
        builder_i64(to, NEXMARK_FIRST_PERSON + last_person(s, number));
        break;
    case PERSON_NAME:
        append_text(to, text,
                    snprintf(text, sizeof text, "%s %s", first_names[random % COUNT_OF(first_names)],
                             last_names[(random >> 32) % COUNT_OF(last_names)]));
        break;
    case PERSON_EMAIL:
        append_email(to, random);
        break;
    case PERSON_CARD:
        append_card(to, random);
        break;
    case PERSON_CITY:
        builder_borrowed(to, cities[random % COUNT_OF(cities)], strlen(cities[random % COUNT_OF(cities)]));
        break;
    case PERSON_STATE:
        builder_borrowed(to, states[random % COUNT_OF(states)], 2);
        break;
    case PERSON_TIME:
        builder_i64(to, nexmark_time_ms(s, number) * 1000);
        break;
    case PERSON_EXTRA:
        append_extra(to, random, 80, s->person_bytes);
        break;
    }
}

/* Until about as many auctions have begun as are in flight. */
static int64_t auction_expires_ms(const struct nexmark_spec *s, int64_t number)
{
    int64_t events = (int64_t)s->in_flight_auctions * round_of(s) / MAX(s->auction_share, 1);
    int64_t horizon_ms = nexmark_time_ms(s, number + events) - nexmark_time_ms(s, number);

    return nexmark_time_ms(s, number) + 1 + below(bits(s, number, 4), MAX(horizon_ms * 2, 1));
}

static void append_auction(const struct nexmark_spec *s, int field, int64_t number, struct column_builder *to)
{
    uint64_t random = bits(s, number, 8 + (uint64_t)field);
    int64_t initial = price(bits(s, number, 8 + AUCTION_INITIAL));

    switch ((enum nexmark_auction)field) {
    case AUCTION_ID:
        builder_i64(to, NEXMARK_FIRST_AUCTION + last_auction(s, number));
        break;
    case AUCTION_ITEM:
        append_letters(to, random, 3, 20);
        break;
    case AUCTION_TEXT:
        append_letters(to, random, 3, 100);
        break;
    case AUCTION_INITIAL:
        builder_i64(to, initial);
        break;
    case AUCTION_RESERVE:
        builder_i64(to, initial + price(random));
        break;
    case AUCTION_TIME:
        builder_i64(to, nexmark_time_ms(s, number) * 1000);
        break;
    case AUCTION_EXPIRES:
        builder_i64(to, auction_expires_ms(s, number) * 1000);
        break;
    case AUCTION_SELLER:
        builder_i64(to, auction_seller(s, number));
        break;
    case AUCTION_CATEGORY:
        builder_i64(to, NEXMARK_FIRST_CATEGORY + below(random, CATEGORIES));
        break;
    case AUCTION_EXTRA:
        append_extra(to, random, 100, s->auction_bytes);
        break;
    }
}

/* Half of the bids come by one of four channels. The url goes with the channel. */
static int channel_of(const struct nexmark_spec *s, int64_t number)
{
    uint64_t random = bits(s, number, 5);

    return random & 1 ? (int)((random >> 1) % HOT_CHANNELS)
                      : HOT_CHANNELS + (int)below(hash_mix(random), CHANNELS);
}

static void append_channel(struct column_builder *to, int channel)
{
    char text[32];

    if (channel < HOT_CHANNELS)
        builder_borrowed(to, hot_channels[channel], strlen(hot_channels[channel]));
    else
        append_text(
            to, text,
            (int)(write_number(write_text(text, "channel-"), (uint64_t)(channel - HOT_CHANNELS)) - text));
}

static void append_url(struct column_builder *to, int channel)
{
    uint64_t random = hash_mix((uint64_t)channel);
    char text[100], *end = write_text(text, "https://www.nexmark.com/");
    bool has_id = channel < HOT_CHANNELS || random % 10 < 9;

    for (uint64_t i = 0; i < 3; i++) {
        end += write_letters(end, random + i, 5);
        *end++ = '/';
    }
    end = write_text(end, "item.htm?query=1");
    if (has_id)
        end = write_number(write_text(end, "&channel_id="), random >> 40);
    append_text(to, text, (int)(end - text));
}

static void append_bid(const struct nexmark_spec *s, int field, int64_t number, struct column_builder *to)
{
    switch ((enum nexmark_bid)field) {
    case BID_AUCTION:
        builder_i64(to, bid_auction(s, number));
        break;
    case BID_BIDDER:
        builder_i64(to, bid_bidder(s, number));
        break;
    case BID_PRICE:
        builder_i64(to, price(bits(s, number, 4)));
        break;
    case BID_CHANNEL:
        append_channel(to, channel_of(s, number));
        break;
    case BID_URL:
        append_url(to, channel_of(s, number));
        break;
    case BID_TIME:
        builder_i64(to, nexmark_time_ms(s, number) * 1000);
        break;
    case BID_EXTRA:
        append_extra(to, bits(s, number, 6), 32, s->bid_bytes);
        break;
    }
}

void nexmark_append(const struct nexmark_spec *s, enum nexmark_kind kind, int field, int64_t number,
                    struct column_builder *to)
{
    switch (kind) {
    case NEXMARK_PERSON:
        append_person(s, field, number, to);
        break;
    case NEXMARK_AUCTION:
        append_auction(s, field, number, to);
        break;
    case NEXMARK_BID:
        append_bid(s, field, number, to);
        break;
    }
}
