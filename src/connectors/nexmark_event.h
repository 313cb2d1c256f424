/* nexmark_event.h: the events of the Nexmark benchmark (an auction house: persons, auctions, bids), each
 * made from its number: of every 50 in a row 1 is a person, 3 are auctions and 46 are bids. Half of the bids
 * go to hot auctions, and so on, in the proportions of the public generator; the random numbers are our own.
 *
 * Numbers are dealt in proportion, so that an event knows which persons and auctions are there already:
 *
 *   event    0 | 1 2 3 | 4 .. 49 | 50 | 51 52 53 | ...
 *            P0  A0-A2   bids      P1   A3-A5
 */
#ifndef WEIR_CONNECTORS_NEXMARK_EVENT_H
#define WEIR_CONNECTORS_NEXMARK_EVENT_H
#include "batch/builder.h"

#define NEXMARK_FIRST_PERSON   1000
#define NEXMARK_FIRST_AUCTION  1000
#define NEXMARK_FIRST_CATEGORY 10

enum nexmark_kind { NEXMARK_PERSON, NEXMARK_AUCTION, NEXMARK_BID };

struct nexmark_spec {
    int32_t person_share, auction_share, bid_share; /* of their sum in a row */
    int32_t hot_auctions, hot_bidders, hot_sellers; /* all but one in so many go to a hot one */
    int32_t person_bytes, auction_bytes, bid_bytes; /* of an event, about: the `extra` texts fill it */
    int32_t active_people, in_flight_auctions;      /* how far back who takes part goes */
    double events_per_second;                       /* of event time */
    int64_t base_ms;                                /* event time of the first */
    uint64_t seed;
};

enum nexmark_kind nexmark_kind_of(const struct nexmark_spec *s, int64_t number);
int64_t nexmark_time_ms(const struct nexmark_spec *s, int64_t number);

/* The fields of each kind, in their order in the table. */
enum nexmark_person {
    PERSON_ID,
    PERSON_NAME,
    PERSON_EMAIL,
    PERSON_CARD,
    PERSON_CITY,
    PERSON_STATE,
    PERSON_TIME,
    PERSON_EXTRA
};
enum nexmark_auction {
    AUCTION_ID,
    AUCTION_ITEM,
    AUCTION_TEXT,
    AUCTION_INITIAL,
    AUCTION_RESERVE,
    AUCTION_TIME,
    AUCTION_EXPIRES,
    AUCTION_SELLER,
    AUCTION_CATEGORY,
    AUCTION_EXTRA
};
enum nexmark_bid { BID_AUCTION, BID_BIDDER, BID_PRICE, BID_CHANNEL, BID_URL, BID_TIME, BID_EXTRA };

/* Append one field of event `number`, which is of that kind. */
void nexmark_append(const struct nexmark_spec *s, enum nexmark_kind kind, int field, int64_t number,
                    struct column_builder *to);
#endif
