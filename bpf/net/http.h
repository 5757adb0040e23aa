/* SPDX-License-Identifier: GPL-2.0 */
/* HTTP/1.x as one direction of a TCP stream shows it, a byte at a time. Bodies are skipped by their length, never looked at. */
#pragma once

#include "flow.h"
#include "http_wire.h"

#define HTTP_MAX_METHOD 32
#define HTTP_MAX_LINE 65536
#define HTTP_STEP 16 /* bytes that one call looks at one by one: most are taken a word at a time, see http_fast.h */
#define HTTP_LINE_LIMIT                                                                                                          \
	4352 /* bytes of a start line that are handed out: the longest path that can be configured, and its company */

/* FNV-1a, 64 bits, of lower-case names: the verifier likes a number better than a string. */
#define HASH_SEED 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL
#define HASH_CONTENT_LENGTH 0x2d69a1e6ee916e7dULL    /* content-length */
#define HASH_TRANSFER_ENCODING 0x8640bd735e9d802cULL /* transfer-encoding */
#define HASH_CHUNKED 0xe64e4a5f7769edf3ULL           /* chunked */

enum http_state {
	HTTP_LOST,  /* a head may begin with any packet */
	HTTP_START, /* a head begins with the next byte */
	HTTP_METHOD,
	HTTP_TARGET, /* the rest of a request's line */
	HTTP_STATUS,
	HTTP_NAME,
	HTTP_VALUE,
	HTTP_BODY,
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_EXTENSION,
	HTTP_CHUNK,
	HTTP_TRAILER,
	HTTP_UNTIL_CLOSE,
};

enum http_header {
	HEADER_OTHER,
	HEADER_LENGTH,
	HEADER_CODING,
};

enum http_message_flags {
	MESSAGE_CHUNKED = 1 << 0,
	MESSAGE_HAS_LENGTH = 1 << 1,
	MESSAGE_INTERIM = 1 << 2,  /* a 1xx has come: the message has begun already */
	MESSAGE_HEAD_OUT = 1 << 3, /* its head was handed out */
	MESSAGE_HEAD_OVER = 1 << 4,
};

/* What the byte that was just taken means for the caller. */
enum http_step {
	STEP_NONE,
	STEP_LINE, /* the start line is over */
	STEP_SKIP, /* what comes need not be looked at byte by byte */
	STEP_END,  /* the message is over */
	STEP_OFF,  /* this is not, or no longer, HTTP/1.x */
	STEP_BAD,  /* it was, and is broken */
};

struct http_stream {
	__u64 pos;       /* bytes of the stream that were taken */
	__u64 begun_pos; /* of the current message */
	__u64 begun_ns;
	__u64 remaining; /* of a body or chunk; in a chunk's line its size so far */
	__u64 length;
	__u64 hash;
	__u64 tail;      /* the last eight bytes of the start line */
	__u32 next;      /* sequence number */
	__u32 line;      /* bytes in this line without CR and LF */
	__u32 offset;    /* start line bytes that were handed out */
	__u32 line_from; /* in the packet at hand: start line bytes that wait to be handed out */
	__u32 line_waits;
	__u32 message;
	__u16 status;
	__u8 state;
	__u8 flags;
	__u8 header;
	__u8 minor;
	__u8 started;
	__u8 busy; /* a CPU is in the middle of a packet of this stream */
};

/* The lock covers the place in the streams: packets of one socket may arrive on several CPUs at once. */
struct http_sock {
	struct bpf_spin_lock lock;
	__u32 pad_lock;
	__u64 conn;
	__u64 head_requests;    /* bit n % 64: request n was HEAD */
	__u64 connect_requests; /* ... was CONNECT */
	struct http_stream streams[2];
	__u8 requests; /* which of the two carries them */
	__u8 off;
	__u8 adopted;
	__u8 pad[5];
};

static __always_inline int is_token(__u8 c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
	       c == '!' || (c >= '#' && c <= '\'') || c == '*' || c == '+' || c == '^' || c == '`' || c == '|' || c == '~';
}

static __always_inline __u64 hash_step(__u64 hash, __u8 c)
{
	return (hash ^ (c >= 'A' && c <= 'Z' ? c + 32 : c)) * HASH_PRIME;
}

static __always_inline int end_message(struct http_stream *stream)
{
	stream->state = HTTP_START;
	return STEP_END;
}

static __always_inline int begin_body(struct http_stream *stream)
{
	if (stream->flags & MESSAGE_CHUNKED) {
		stream->state = HTTP_CHUNK_SIZE;
		stream->remaining = 0;
		stream->line = 0;
		return STEP_NONE;
	}
	if (!stream->length)
		return end_message(stream);
	stream->state = HTTP_BODY;
	stream->remaining = stream->length;
	return STEP_SKIP;
}

static __always_inline int end_response_head(struct http_sock *sock, struct http_stream *stream)
{
	__u64 bit = 1ULL << (stream->message & 63);
	__u16 status = stream->status;

	if (status >= 100 && status < 200 && status != 101) {
		stream->flags = MESSAGE_INTERIM;
		stream->state = HTTP_START;
		return STEP_NONE;
	}
	stream->flags |= MESSAGE_HEAD_OVER;
	if (status == 101 || ((sock->connect_requests & bit) && status < 300)) {
		sock->off = 1;
		return end_message(stream);
	}
	if (status == 204 || status == 304 || (sock->head_requests & bit))
		return end_message(stream);
	if (stream->flags & (MESSAGE_CHUNKED | MESSAGE_HAS_LENGTH))
		return begin_body(stream);
	stream->state = HTTP_UNTIL_CLOSE;
	return STEP_SKIP;
}

static __always_inline void begin_message(struct http_stream *stream, __u32 at)
{
	if (!(stream->flags & MESSAGE_INTERIM)) {
		stream->begun_pos = stream->pos + at;
		stream->flags = 0;
	}
	stream->begun_ns = bpf_ktime_get_ns();
	stream->length = 0;
	stream->line = 0;
	stream->offset = 0;
	stream->line_waits = 0;
}

static __always_inline int on_start(struct http_stream *stream, __u8 c, __u32 at, int is_request)
{
	if (c == '\r' || c == '\n')
		return STEP_NONE; /* RFC 9112 2.2: an empty line before a request is to be ignored */
	begin_message(stream, at);
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

static __always_inline int on_method(struct http_sock *sock, struct http_stream *stream, __u8 c)
{
	__u64 bit = 1ULL << (stream->message & 63);

	if (c == ' ') {
		sock->head_requests &= ~bit;
		sock->connect_requests &= ~bit;
		if (stream->line == 4 && stream->tail == 0x48454144 /* HEAD */)
			sock->head_requests |= bit;
		if (stream->line == 7 && stream->tail == 0x434f4e4e454354 /* CONNECT */)
			sock->connect_requests |= bit;
		stream->state = HTTP_TARGET;
		stream->tail = 0;
		stream->line++;
		return STEP_SKIP;
	} else if (!is_token(c) || stream->line >= HTTP_MAX_METHOD) {
		return STEP_OFF;
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
		begin_header(stream);
		return STEP_LINE;
	}
	if (c != '\r') {
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

/* Takes one byte of a head or of a chunk's line; at is its distance from stream->pos. */
static __always_inline int take_byte(struct http_sock *sock, struct http_stream *stream, __u8 c, __u32 at, int is_request)
{
	switch (stream->state) {
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
	}
	return STEP_OFF;
}
