/* SPDX-License-Identifier: GPL-2.0 */
/* What the tls object tells user space besides the records of http_wire.h. They share the ring of flow_wire.h and are told apart
 * by their size. Mirrored by src/Probes/Tls/Capture/TlsRecords.cs; a test compares both through BTF. */
#pragma once

#include <linux/types.h>

/* How a session was tied to its socket. */
enum tls_join_source {
	JOIN_NONE,
	JOIN_NESTED,      /* the thread that was inside the library received from this socket */
	JOIN_DESCRIPTOR,  /* the object names the file descriptor */
	JOIN_FINGERPRINT, /* its ciphertext left through this socket */
};

/* Whose connection a TLS session is: the answer to http_line.conn and its like. Once per session that speaks HTTP. */
struct tls_join {
	__u64 session;
	__u64 conn; /* flow_event.id */
	__u8 saddr[16];
	__u8 daddr[16];
	__u32 tgid;
	__u32 netns;
	__u16 sport;
	__u16 dport;
	__u8 direction;
	__u8 source; /* enum tls_join_source */
	__u8 pad[2];
	char comm[16];
};
_Static_assert(sizeof(struct tls_join) == 80, "tls_join is a wire format");

/* A session that spoke HTTP is over: its object was freed. */
struct tls_end {
	__u64 session;
	__u64 written; /* plaintext bytes since the session was first seen */
	__u64 read;
};
_Static_assert(sizeof(struct tls_end) == 24, "tls_end is a wire format");

#define TLS_POINT_BITS 8
#define TLS_POINT_MASK 255

/* Where in a library a probe stands; the cookie of its link. The rest of TLS_LEAVE_INNER's is the offset on the
 * stack, of TLS_READ_DONE's four bits for each register: the object, the buffer, where the count is, and whether this is a peek. */
enum tls_point {
	TLS_ENTER_READ,
	TLS_ENTER_WRITE,
	TLS_ENTER_READ_EX,
	TLS_ENTER_WRITE_EX,
	TLS_LEAVE,
	TLS_LEAVE_EX,
	TLS_LEAVE_INNER,
	TLS_FREE,
	TLS_BIO,
	TLS_GO_READ,
	TLS_GO_WRITE,
	TLS_GO_LEAVE,
	TLS_READ_DONE,
	TLS_GO_DONE,
};

/* What is counted, per CPU; never set back. */
enum tls_count {
	TLS_SESSIONS,
	TLS_SESSIONS_FREED,
	TLS_JOINED_NESTED,
	TLS_JOINED_DESCRIPTOR,
	TLS_JOINED_FINGERPRINT,
	TLS_JOIN_CHANGED, /* the fingerprint knew better */
	TLS_HTTP2,        /* sessions that are not decoded */
	TLS_CALLS_FULL,   /* calls of more threads at once than there is room for */
	TLS_CALLS_NESTED, /* of a session whose plaintext is another session's records */
	TLS_COUNTS,
};
