/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A whole head at once: what almost every packet with a head carries. It is walked a word at a time in a window. Whatever is not
 * plain here is left to the lines and bytes of http_lines.h and http.h.
 */
#pragma once

#include "http.h"
#include "http_window.h"

#define WINDOW_STEPS 128 /* pairs of words of a full window, and a broken one for each of 64 lines */

#define WORD_CONTENT 0x2d746e65746e6f63ULL  /* content- */
#define WORD_LENGTH 0x003a6874676e656cULL   /* length: */
#define WORD_TRANSFER 0x726566736e617274ULL /* transfer */
#define WORD_ENCODING 0x6e69646f636e652dULL /* -encodin */
#define WORD_CHUNK 0x6b6e756863203a67ULL    /* g: chunk */
#define WORD_ED 0x0a0d6465U                 /* ed, CR, LF */
#define WORD_EXPECT 0x003a746365707865ULL   /* expect: */
#define WORD_HTTP 0x002e312f50545448ULL     /* HTTP/1. */
#define WORD_VERSION 0x2e312f5054544820ULL  /* the same behind a space */
#define SEVEN_BYTES 0x00ffffffffffffffULL
#define LOWER_CASE 0x2020202020202020ULL
#define CRLF 0x0a0d
#define EACH_BYTE 0x0101010101010101ULL
#define EVERY_LF (EACH_BYTE * '\n')
#define EVERY_SPACE (EACH_BYTE * ' ')
#define EVERY_QUERY (EACH_BYTE * '?')

/* Distance of the first byte that the pattern repeats, 8 when there is none: the classic search for a zero byte. */
static __always_inline __u32 find_byte(__u64 word, __u64 pattern)
{
	__u64 x = word ^ pattern;
	__u64 found = (x - EACH_BYTE) & ~x & (EACH_BYTE << 7);

	if (!found)
		return 8;
	/* The lowest set bit's byte, by multiplication: there is no instruction for it. */
	found = (found & -found) >> 7;
	return (((found - 1) & EACH_BYTE) * EACH_BYTE) >> 56;
}

static __always_inline int is_content_length(__u64 lower, __u64 second)
{
	return lower == WORD_CONTENT && ((second | LOWER_CASE) & SEVEN_BYTES) == (WORD_LENGTH | (LOWER_CASE & SEVEN_BYTES));
}

static __always_inline int is_expect(__u64 lower)
{
	return (lower & SEVEN_BYTES) == WORD_EXPECT;
}

/* Looks at the begin of a header's line; -1 when it frames the message in a way that is not plain. */
static __always_inline int read_framing(const struct http_window *window, __u32 at, __u64 lower, struct http_found *found)
{
	if (is_content_length(lower, word_at(window, at + 8))) {
		if (found->length_at)
			return -1;
		found->length_at = at + 15;
	} else if (lower == WORD_TRANSFER) {
		if ((word_at(window, at + 8) | LOWER_CASE) != WORD_ENCODING ||
		    (word_at(window, at + 16) | LOWER_CASE) != WORD_CHUNK || (__u32)word_at(window, at + 24) != WORD_ED)
			return -1;
		found->chunked = 1;
	} else if (is_expect(lower)) {
		return -1;
	}
	return 0;
}

/* Makes the verifier forget what it knew of a place in the window, which costs nothing at run time: it goes through the loop's
 * body once instead of once for each way to get there. The blur is always 0, but only we know. */
static __always_inline __u32 blurred(__u32 at, __u64 blur)
{
	__u64 place = at;

	asm volatile("%0 |= %1" : "+r"(place) : "r"(blur));
	return place;
}

/* Walks to the head's end; -1 when it is not in the window, or not plain. */
static __always_inline int walk_head(struct http_window *window, __u32 have)
{
	__u64 blur = window->blur;
	__u32 at = 0, begins = 0, lf;
	__u64 word;
	int i;

	__builtin_memset(&window->found, 0, sizeof(window->found));
	for (i = 0; i < WINDOW_STEPS; i++) {
		at = blurred(at, blur);
		if (at >= have)
			return -1;
		word = word_at(window, at);
		if (begins) {
			if ((__u16)word == CRLF) {
				window->found.head = at + 2;
				return at + 2 <= have ? 0 : -1;
			}
			if ((__u8)word == '\n')
				return -1; /* a head may end so too */
			if (read_framing(window, at, word | LOWER_CASE, &window->found))
				return -1;
		}
		lf = find_byte(word, EVERY_LF);
		if (lf == 8)
			lf += find_byte(word_at(window, at + 8), EVERY_LF); /* most lines are longer than a word */
		if (lf == 16) {
			begins = 0;
			at += 16;
			continue;
		}
		begins = 1;
		at += lf + 1;
		if (!window->found.line)
			window->found.line = at;
	}
	return -1;
}

/* The number behind Content-Length; -1 for anything but digits. */
static __always_inline int read_length(struct http_window *window)
{
	__u32 i, c, at = window->found.length_at;
	volatile __u64 *length = &window->found.length;

	if (byte_at(window, at) != ' ')
		return -1;
	for (i = 1; i < 18; i++) {
		c = byte_at(window, at + i);
		if (c == '\r')
			break;
		if (c < '0' || c > '9')
			return -1;
		*length = *length * 10 + (c - '0');
	}
	if (i == 1 || i == 18)
		return -1;
	return 0;
}

/* The methods that need no look at each of their bytes. */
static __always_inline int is_plain_method(__u64 word)
{
	__u32 four = word;

	return four == 0x20544547 /* GET */ || (four == 0x54534f50 /* POST */ && (__u8)(word >> 32) == ' ') ||
	       four == 0x20545550 /* PUT */ || (four == 0x44414548 /* HEAD */ && (__u8)(word >> 32) == ' ') ||
	       (word & SEVEN_BYTES) == 0x204554454c4544ULL /* DELETE */ ||
	       (word & 0xffffffffffffULL) == 0x204843544150ULL /* PATCH */ || word == 0x20534e4f4954504fULL /* OPTIONS */;
}

/* What follows a plain method is one space, a target, one space, and the version. */
static __always_inline int ends_in_version(const struct http_window *window, __u32 line)
{
	__u32 target = find_byte(word_at(window, 0), EVERY_SPACE) + 1;

	return line > target + 11 && byte_at(window, target) != ' ' && word_at(window, line - 11) == WORD_VERSION &&
	       byte_at(window, line - 2) == '\r';
}

/* A status line's first twelve bytes: the status, 0 for what is not plain. */
static __always_inline __u32 plain_status(__u64 first, __u64 second)
{
	__u32 hundreds = (second >> 8 & 255) - '0', tens = (second >> 16 & 255) - '0', ones = (second >> 24 & 255) - '0';
	__u32 minor = (first >> 56) - '0';

	if ((first & SEVEN_BYTES) != WORD_HTTP || minor > 9 || (second & 255) != ' ' || hundreds > 9 || tens > 9 || ones > 9)
		return 0;
	return hundreds * 100 + tens * 10 + ones;
}

/* Bytes of a long start line up to and with its query's mark, at most HTTP_PIECE; 0 when it comes later. */
static __always_inline __u32 line_to_query(const struct http_window *window)
{
	__u32 i, at;

	for (i = 0; i < HTTP_PIECE; i += 8) {
		at = find_byte(*(const __u64 *)(window->bytes + i), EVERY_QUERY);
		if (at < 8)
			return i + at + 1;
	}
	return 0;
}

static __always_inline void note_status(struct http_stream *stream, const struct http_window *window, __u32 status)
{
	__u8 minor = byte_at(window, 7);

	stream->status = status;
	if (stream->minor != minor)
		stream->minor = minor;
}

static __always_inline int note_plain_method(struct http_sock *sock, const struct http_stream *stream, __u64 word)
{
	return note_method(sock, stream, (__u32)word == 0x44414548 /* HEAD */, 0);
}

/* A message whose head was walked to its end. */
static __always_inline void begin_plain(struct http_stream *stream, const struct http_found *found)
{
	begin_message(stream, 0, found->length_at ? found->length : 0);
	if (found->chunked)
		stream->flags |= MESSAGE_CHUNKED;
	if (found->length_at)
		stream->flags |= MESSAGE_HAS_LENGTH;
	stream->pos += found->head;
}

/* A body that ends in the packet or call of its head needs no further step. */
static __always_inline __u32 take_short_body(struct http_stream *stream, __u32 left)
{
	__u32 length = stream->remaining;

	if (stream->state != HTTP_BODY || stream->remaining > left)
		return 0;
	stream->remaining = 0;
	stream->pos += length;
	stream->state = HTTP_START;
	return length;
}
