/* Numbers as JSON writes them, compared by their exact decimal value. */
#include "json/json_private.h"

/* A number other than zero is 0.DDD times ten to the power of (scale + exponent), with a first and last digit that are
 * not zero; so it is written in one way only, and two are equal if all parts are. */
struct decimal {
    bool negative;
    bool zero;
    const char *digit; /* the first and the last digit that count; a point may stand between them */
    const char *last_digit;
    int64_t scale;
    bool exponent_negative;
    const char *exponent; /* its digits, as many as there are */
    size_t exponent_digits;
};

/* Two exponents further apart than this differ more than any two scales can, which are bounded by the texts' lengths.
 */
static const int64_t far_apart = INT64_MAX / 100;

static struct decimal take_apart(const struct json *number)
{
    const char *at = number->raw;
    const char *end = at + number->raw_bytes;
    struct decimal decimal = {.zero = true};
    bool behind_point = false;

    decimal.negative = *at == '-';
    at += decimal.negative;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            behind_point = true;
            continue;
        }
        if (*at != '0') {
            if (decimal.zero)
                decimal.digit = at;
            decimal.zero = false;
            decimal.last_digit = at;
        }
        if (!behind_point && !decimal.zero)
            decimal.scale++;
        else if (behind_point && decimal.zero)
            decimal.scale--;
    }
    if (at < end) {
        at++;
        decimal.exponent_negative = *at == '-';
        at += *at == '-' || *at == '+';
        decimal.exponent = at;
        decimal.exponent_digits = (size_t)(end - at);
    }
    return decimal;
}

/* The digit of an exponent that stands for ten to the power of `place`, with the exponent's sign. */
static int64_t exponent_digit(const struct decimal *decimal, size_t place)
{
    if (place >= decimal->exponent_digits)
        return 0;
    int64_t digit = decimal->exponent[decimal->exponent_digits - 1 - place] - '0';
    return decimal->exponent_negative ? -digit : digit;
}

/* a's exponent minus b's, or, if it is more than far_apart, some number that is as well: from the highest place down,
 * a difference that large can only grow. */
static int64_t exponent_difference(const struct decimal *a, const struct decimal *b)
{
    size_t places = a->exponent_digits > b->exponent_digits ? a->exponent_digits : b->exponent_digits;
    int64_t difference = 0;

    while (places-- > 0) {
        difference = difference * 10 + exponent_digit(a, places) - exponent_digit(b, places);
        if (difference > far_apart || difference < -far_apart)
            break;
    }
    return difference;
}

static bool digits_equal(const struct decimal *a, const struct decimal *b)
{
    const char *in_a = a->digit;
    const char *in_b = b->digit;

    while (in_a <= a->last_digit && in_b <= b->last_digit) {
        in_a += *in_a == '.';
        in_b += *in_b == '.';
        if (*in_a++ != *in_b++)
            return false;
    }
    return in_a > a->last_digit && in_b > b->last_digit;
}

bool json_numbers_equal(const struct json *a, const struct json *b)
{
    struct decimal first = take_apart(a);
    struct decimal second = take_apart(b);

    if (first.zero || second.zero)
        return first.zero && second.zero;
    return first.negative == second.negative && exponent_difference(&first, &second) == second.scale - first.scale &&
           digits_equal(&first, &second);
}
