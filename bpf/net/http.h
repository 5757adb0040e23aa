/* SPDX-License-Identifier: GPL-2.0 */
/* HTTP/1.x as one direction of a TCP stream shows it, a byte at a time. */
#pragma once

#include "http_body.h"

#define PREFACE_LINE 107 /* bytes, the longest of the PROXY protocol */

/* FNV-1a, 64 bits, of lower-case names: the verifier likes a number better than a string. */
#define HASH_SEED 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL
#define HASH_CONTENT_LENGTH 0x2d69a1e6ee916e7dULL    /* content-length */
#define HASH_TRANSFER_ENCODING 0x8640bd735e9d802cULL /* transfer-encoding */
#define HASH_CHUNKED 0xe64e4a5f7769edf3ULL           /* chunked */
#define HASH_EXPECT 0x208ad7977190aad8ULL            /* expect */

static __always_inline int is_token(__u8 c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
	       c == '!' || (c >= '#' && c <= '\'') || c == '*' || c == '+' || c == '^' || c == '`' || c == '|' || c == '~';
}

/* Where no head was awaited one begins with a method in capitals; of fewer than eight bytes as far as they tell. */
static __always_inline int may_be_request(const __u8 first[8], __u32 count)
{
	__u32 i;

	for (i = 0; i < 8; i++) {
		if (i >= count)
			return 1;
		if (first[i] == ' ')
			return i > 2;
		if (first[i] < 'A' || first[i] > 'Z')
			return 0;
	}
	return 0;
}

static __always_inline __u64 hash_step(__u64 hash, __u8 c)
{
	return (hash ^ (c >= 'A' && c <= 'Z' ? c + 32 : c)) * HASH_PRIME;
}

/* Mostly they are what they were, and then their cache line need not be taken from another CPU. */
static __always_inline void begin_line(struct http_stream *stream, __u64 length)
{
	if (stream->length != length)
		stream->length = length;
	if (stream->line)
		stream->line = 0;
	if (stream->offset)
		stream->offset = 0;
	if (stream->line_waits)
		stream->line_waits = 0;
}

static __always_inline void begin_message(struct http_stream *stream, __u32 at, __u64 length)
{
	if (!(stream->flags & MESSAGE_INTERIM)) {
		stream->begun_pos = stream->pos + at;
		stream->flags = 0;
	}
	stream->begun_ns = stream->from_early ? stream->early_ns : bpf_ktime_get_ns();
	begin_line(stream, length);
}

static __always_inline int on_start(struct http_stream *stream, __u8 c, __u32 at, int is_request)
{
	if (c == '\r' || c == '\n')
		return STEP_NONE; /* RFC 9112 2.2: an empty line before a request is to be ignored */
	begin_message(stream, at, 0);
	stream->status = 0;
	stream->tail = c;
	stream->line = 1;
	if (is_request) {
		stream->state = HTTP_METHOD;
		return is_token(c) ? STEP_NONE : STEP_OFF;
	}
	stream->state = HTTP_STATUS;
	return c == 'H' ? STEP_NONE : STEP_OFF;
}

/* What a request's method says of its response. 0 when the request 64 before it is not answered yet and was of another kind: then it
 * cannot be told any more where that one's response ends. */
static __always_inline int note_method(struct http_sock *sock, const struct http_stream *stream, int is_head, int is_connect)
{
	__u64 bit = 1ULL << (stream->message & 63);
	__u64 head = is_head ? bit : 0, connect = is_connect ? bit : 0;

	if (stream->message - stream_of(sock, !sock->requests)->message >= 64 &&
	    ((sock->head_requests & bit) != head || (sock->connect_requests & bit) != connect))
		return 0;
	if ((sock->head_requests & bit) != head)
		sock->head_requests ^= bit;
	if ((sock->connect_requests & bit) != connect)
		sock->connect_requests ^= bit;
	return 1;
}

static __always_inline int on_method(struct http_sock *sock, struct http_stream *stream, __u8 c)
{
	if (c == ' ') {
		if (!note_method(sock, stream, stream->line == 4 && stream->tail == 0x48454144 /* HEAD */,
		                 stream->line == 7 && stream->tail == 0x434f4e4e454354 /* CONNECT */))
			return STEP_BAD;
		stream->state = HTTP_TARGET;
		stream->tail = 0;
		stream->hash = 0;
		stream->line++;
		return STEP_SKIP;
	} else if (!is_token(c)) {
		return STEP_OFF;
	} else if (stream->line >= HTTP_MAX_METHOD) {
		return STEP_LONG;
	}
	stream->tail = stream->tail << 8 | c;
	stream->line++;
	return STEP_NONE;
}

static __always_inline void begin_header(struct http_stream *stream)
{
	stream->state = HTTP_NAME;
	stream->line = 0;
	stream->hash = HASH_SEED;
}

static __always_inline int on_target(struct http_stream *stream, __u8 c)
{
	if (c == '\n') {
		if (stream->tail >> 8 != 0x485454502f312e /* HTTP/1. */)
			return STEP_OFF;
		if ((__u8)stream->hash != ' ' || !(stream->hash >> 8))
			return STEP_BAD; /* there is no target */
		begin_header(stream);
		return STEP_LINE;
	}
	if (c != '\r') {
		if (c == ' ' && !stream->tail)
			c = 0; /* one more space in front of the target */
		/* What stands before the last eight bytes. */
		stream->hash = stream->hash << 8 | stream->tail >> 56;
		stream->tail = stream->tail << 8 | c;
		stream->line++;
	}
	return STEP_NONE;
}

static __always_inline int on_status(struct http_stream *stream, __u8 c)
{
	__u32 at = stream->line;

	if (c == '\n') {
		if (at < 12)
			return STEP_OFF;
		begin_header(stream);
		return STEP_NONE;
	}
	if (c == '\r')
		return STEP_NONE;
	stream->line++;
	if (at < 7) {
		stream->tail = stream->tail << 8 | c;
		return at < 6 || stream->tail == 0x485454502f312e /* HTTP/1. */ ? STEP_NONE : STEP_OFF;
	}
	if (at == 7)
		stream->minor = c;
	if (at == 7 || (at >= 9 && at <= 11)) {
		if (c < '0' || c > '9')
			return STEP_OFF;
		if (at > 7)
			stream->status = stream->status * 10 + (c - '0');
	}
	return at == 8 && c != ' ' ? STEP_OFF : STEP_NONE;
}

static __always_inline int on_name(struct http_sock *sock, struct http_stream *stream, __u8 c, int is_request)
{
	if (c == '\n') {
		if (!stream->line)
			return is_request ? begin_body(stream) : end_response_head(sock, stream);
		begin_header(stream);
	} else if (c == ':') {
		stream->header = stream->hash == HASH_CONTENT_LENGTH      ? HEADER_LENGTH
		                 : stream->hash == HASH_TRANSFER_ENCODING ? HEADER_CODING
		                                                          : HEADER_OTHER;
		if (stream->header == HEADER_LENGTH) {
			/* A second Content-Length is taken for the first one, as servers that tolerate it do. */
			stream->length = 0;
			stream->flags |= MESSAGE_HAS_LENGTH;
		}
		if (is_request && stream->hash == HASH_EXPECT)
			stream->flags |= MESSAGE_EXPECTS;
		stream->hash = HASH_SEED;
		stream->state = HTTP_VALUE;
	} else if (c != '\r') {
		stream->hash = hash_step(stream->hash, c);
		stream->line++;
	}
	return STEP_NONE;
}

static __always_inline int on_value(struct http_stream *stream, __u8 c)
{
	if (stream->header == HEADER_LENGTH && c >= '0' && c <= '9') {
		if (stream->length > (1ULL << 59))
			return STEP_BAD;
		stream->length = stream->length * 10 + (c - '0');
		return STEP_NONE;
	}
	if (stream->header == HEADER_LENGTH && c != ' ' && c != '\t' && c != '\r' && c != '\n')
		return STEP_BAD;
	if (stream->header == HEADER_CODING) {
		if (c == '\n' || c == ',') {
			/* Only the last coding frames the message. */
			if (stream->hash == HASH_CHUNKED)
				stream->flags |= MESSAGE_CHUNKED;
			else if (stream->hash != HASH_SEED)
				stream->flags &= ~MESSAGE_CHUNKED;
			stream->hash = HASH_SEED;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			stream->hash = hash_step(stream->hash, c);
		}
	}
	if (c == '\n') {
		begin_header(stream);
		return STEP_SKIP;
	}
	return STEP_NONE;
}

static __always_inline int on_chunk_line(struct http_stream *stream, __u8 c)
{
	__u8 lower = c | 32;

	if (c == '\n') {
		if (!stream->line)
			return STEP_BAD;
		stream->line = 0;
		if (!stream->remaining) {
			stream->state = HTTP_TRAILER;
			return STEP_NONE;
		}
		stream->remaining += 2; /* CR LF behind the chunk */
		stream->state = HTTP_CHUNK;
		return STEP_SKIP;
	}
	if (c == '\r' || stream->state == HTTP_CHUNK_EXTENSION)
		return STEP_NONE;
	if (c == ';' || c == ' ' || c == '\t') {
		stream->state = HTTP_CHUNK_EXTENSION;
		return STEP_NONE;
	}
	if (stream->remaining >> 56 || !((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f')))
		return STEP_BAD;
	stream->remaining = stream->remaining << 4 | (c <= '9' ? c - '0' : lower - 'a' + 10);
	stream->line++;
	return STEP_NONE;
}

static __always_inline int on_trailer(struct http_stream *stream, __u8 c)
{
	if (c == '\n') {
		if (!stream->line)
			return end_message(stream);
		stream->line = 0;
	} else if (c != '\r') {
		stream->line++;
	}
	return STEP_NONE;
}

static __always_inline int on_preface_line(struct http_stream *stream, __u8 c)
{
	if (c == '\n') {
		stream->state = HTTP_START;
		return STEP_SKIP;
	}
	stream->line++;
	return stream->line < PREFACE_LINE ? STEP_NONE : STEP_OFF;
}

/* Takes one byte of a head or of a chunk's line; at is its distance from stream->pos. */
static __always_inline int take_byte(struct http_sock *sock, struct http_stream *stream, __u8 c, __u32 at, int is_request)
{
	/* Read anew: a state that a register brings from one byte to the next is one more for the verifier to go through the loop with. */
	switch (*(volatile __u8 *)&stream->state) {
	case HTTP_START:
		return on_start(stream, c, at, is_request);
	case HTTP_METHOD:
		return on_method(sock, stream, c);
	case HTTP_TARGET:
		return on_target(stream, c);
	case HTTP_STATUS:
		return on_status(stream, c);
	case HTTP_NAME:
		return on_name(sock, stream, c, is_request);
	case HTTP_VALUE:
		return on_value(stream, c);
	case HTTP_CHUNK_SIZE:
	case HTTP_CHUNK_EXTENSION:
		return on_chunk_line(stream, c);
	case HTTP_TRAILER:
		return on_trailer(stream, c);
	case HTTP_PREFACE_LINE:
		return on_preface_line(stream, c);
	}
	return STEP_OFF;
}
