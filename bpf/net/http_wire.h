/* SPDX-License-Identifier: GPL-2.0 */
/* What the net object tells user space about HTTP. The records share the ring of flow_wire.h and are told apart by their size.
 * Mirrored by src/Probes/Net/Http/HttpRecords.cs; a test compares both through BTF. */
#pragma once

#include <linux/types.h>

#define HTTP_PIECE 128 /* bytes of a head that are looked at, and handed out, at a time */

enum http_record_flags {
	HTTP_COMPLETE = 1 << 0,     /* the line, or the message, is over */
	HTTP_REQUEST_OVER = 1 << 1, /* the request that is answered had been sent in full: request_pos is its end */
	HTTP_ADOPTED = 1 << 2,      /* the connection is older than the agent: positions count from the first packet seen */
	HTTP_TLS = 1 << 3,          /* conn is a TLS session, which tls_join ties to a connection */
};

/* A piece of a request's start line. */
struct http_line {
	__u64 conn;     /* flow_event.id of the connection */
	__u64 begun_ns; /* the request's first byte; CLOCK_MONOTONIC */
	__u64 pos;      /* where in its direction's stream the request begins */
	__u32 message;  /* number of the request on its connection */
	__u32 offset;   /* of these bytes in the line */
	__u16 length;
	__u8 flags;
	__u8 pad[5];
	char bytes[HTTP_PIECE];
};
_Static_assert(sizeof(struct http_line) == 168, "http_line is a wire format");

/* The head of a final response. */
struct http_head {
	__u64 conn;
	__u64 begun_ns;    /* the response's first byte */
	__u64 pos;         /* where in its direction's stream the response begins */
	__u64 end;         /* where it ends, or how far it has come */
	__u64 request_pos; /* how far the other direction has come */
	__u8 saddr[16];
	__u8 daddr[16];
	__u32 message;
	__u32 tgid;
	__u32 netns;
	__u16 sport;
	__u16 dport;
	__u16 status;
	__u8 minor; /* of the version, a digit */
	__u8 direction;
	__u8 flags;
	__u8 pad[3];
	char comm[16];
};
_Static_assert(sizeof(struct http_head) == 112, "http_head is a wire format");

/* The end of a response that did not end in the packet of its head. */
struct http_end {
	__u64 conn;
	__u64 end;
	__u64 request_pos;
	__u32 message;
	__u8 flags;
	__u8 pad[3];
};
_Static_assert(sizeof(struct http_end) == 32, "http_end is a wire format");

#define HTTP_SHORT_LINE 48

/* The head of a final response together with the request that it answers: almost every exchange is one record. Its start line
 * follows, in HTTP_SHORT_LINE bytes when it fits, else in HTTP_PIECE: a busy host pays for every byte that crosses. */
struct http_exchange {
	struct http_head head;
	__u64 request_ns;   /* the request's first byte */
	__u64 request_from; /* where it begins in its direction's stream */
	__u16 length;
	__u8 flags; /* HTTP_COMPLETE: the line is whole; otherwise it was cut behind the mark of its query */
	__u8 pad[5];
};
_Static_assert(sizeof(struct http_exchange) == 136, "http_exchange is a wire format");
