/* SPDX-License-Identifier: GPL-2.0 */
/* Where an HTTP/1.x connection is: what every file of the HTTP part works on. */
#pragma once

#include <stddef.h>

#include "flow.h"
#include "http_wire.h"

#define HTTP_MAX_METHOD 32
#define HTTP_MAX_LINE 65536
#define HTTP_STEP 16 /* bytes that one call looks at one by one: most are taken a word at a time, see http_lines.h */
#define HTTP_LINE_LIMIT                                                                                                          \
	4352 /* bytes of a start line that are handed out: the longest path that can be configured, and its company */

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
	HTTP_PREFACE,      /* so many bytes before HTTP begins */
	HTTP_PREFACE_LINE, /* a line before HTTP begins */
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
	MESSAGE_EXPECTS = 1 << 5, /* a request asks for leave to send its body, and has not begun to */
};

/* What the byte that was just taken means for the caller. */
enum http_step {
	STEP_NONE,
	STEP_LINE, /* the start line is over */
	STEP_SKIP, /* what comes need not be looked at byte by byte */
	STEP_END,  /* the message is over */
	STEP_OFF,  /* this is not, or no longer, HTTP/1.x */
	STEP_BAD,  /* it was, and is broken */
	STEP_LONG, /* it may be, with a method longer than any that is followed */
};

/* What every plain head changes comes first, what only lines and bytes change behind it: see http_sock. */
struct http_stream {
	__u64 pos;       /* bytes of the stream that were taken */
	__u64 begun_pos; /* of the current message */
	__u64 begun_ns;
	__u64 remaining; /* of a body or chunk; in a chunk's line its size so far */
	__u32 next;      /* sequence number */
	__u32 message;
	__u16 status;
	__u8 state;
	__u8 flags;
	__u8 started;
	__u8 busy;       /* a CPU is in the middle of a packet of this stream */
	__u8 early;      /* segments that wait for those in front of them */
	__u8 from_early; /* the segment at hand is such a one, and this is its number */

	__u64 length;
	__u64 hash;
	__u64 tail;      /* the last eight bytes of the start line */
	__u32 line;      /* bytes in this line without CR and LF */
	__u32 offset;    /* start line bytes that were handed out */
	__u32 line_from; /* in the packet at hand: start line bytes that wait to be handed out */
	__u32 line_waits;
	__u64 early_ns; /* when it came */
	__u32 early_seq;
	__u8 header;
	__u8 minor;
	__u8 tries; /* packets that were looked at since it did not begin as HTTP does */
	__u8 pad[9];
};

/* A start line that waits for its answer, so that both leave in one record. */
struct http_asked {
	__u64 begun_ns;
	__u64 pos;
	__u32 message;
	__u16 length; /* 0: nothing waits. Set by who takes requests, cleared by who takes responses. */
	__u8 flags;
	__u8 pad;
	char line[HTTP_PIECE];
};

/* What the records of a connection name, as tcp_conns has it. Copied once its owner is sure: a table is dear to look into for each
 * exchange. */
struct http_names {
	__u8 saddr[16];
	__u8 daddr[16];
	__u32 netns;
	__u16 sport;
	__u16 dport;
	__u8 direction;
	__u8 pad[7];
	struct owner owner;
};

/* The lock covers the place in the streams: packets of one socket may arrive on several CPUs at once. What is sent and what is received
 * mostly meet on two CPUs, which hand each other every cache line that both change: a plain exchange changes three. In the socket's
 * storage eight bytes of the kernel's stand in front of this. */
struct http_sock {
	struct bpf_spin_lock lock;
	__u8 requests; /* which of the two streams carries them */
	__u8 off;
	__u8 adopted;
	__u8 is_tls; /* this is a session's, and conn is the session's id */
	struct http_stream streams[2];
	__u64 conn;
	__u64 key; /* in tcp_conns */
	struct http_asked asked;
	__u64 head_requests;    /* bit n % 64: request n was HEAD */
	__u64 connect_requests; /* ... was CONNECT */
	struct http_names names;
};

#define CACHE_LINE 64
#define BEGINS_CACHE_LINE(field) ((offsetof(struct http_sock, field) + sizeof(__u64)) % CACHE_LINE == 0)
_Static_assert(BEGINS_CACHE_LINE(streams[0].length) && BEGINS_CACHE_LINE(streams[1]) && BEGINS_CACHE_LINE(asked),
               "what a plain head changes is in as few lines as it can be");

extern const volatile __u8 storage_seen_at_end;

/* The hook that sees a connection's end may look into the socket's storage for a request that waits; where it may not, such requests
 * are counted in tcp_conns. */
static __always_inline int storage_is_traceable(void)
{
	return is_since_5_11() && storage_seen_at_end;
}

struct http_socks_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct http_sock);
};

static __always_inline struct bpf_sock *full_sock(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return sk ? bpf_sk_fullsock(sk) : 0;
}

/* The state that a packet's socket has; null before its first segment. Map values do not cross global functions on 5.10. */
static __always_inline struct http_sock *sock_in(void *socks, struct __sk_buff *skb)
{
	struct bpf_sock *sk = full_sock(skb);

	return sk ? bpf_sk_storage_get(socks, sk, 0, 0) : 0;
}

/* By its place, not by choice: the verifier would go through all that follows once for each of the two. In one register, or the
 * compiler keeps the place of each field on the stack. */
static __always_inline struct http_stream *stream_of(struct http_sock *sock, __u32 egress)
{
	struct http_stream *stream = &sock->streams[egress & 1];

	asm volatile("" : "+r"(stream));
	return stream;
}

static __always_inline int in_body(const struct http_stream *stream)
{
	return stream->state == HTTP_BODY || stream->state == HTTP_CHUNK || stream->state == HTTP_UNTIL_CLOSE;
}

static __always_inline void next_message(struct http_stream *stream)
{
	stream->message++;
	stream->flags = 0;
}

/* What a record of a start line says beside its bytes. */
static __always_inline void fill_line(struct http_line *line, __u64 conn, const struct http_stream *stream, __u32 length,
                                      __u8 flags)
{
	line->conn = conn;
	line->begun_ns = stream->begun_ns;
	line->pos = stream->begun_pos;
	line->message = stream->message;
	line->offset = stream->offset;
	line->length = length;
	line->flags = flags;
	__builtin_memset(line->pad, 0, sizeof(line->pad));
}
