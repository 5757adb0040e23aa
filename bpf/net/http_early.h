/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments with a head's bytes that come before the ones in front of them: kept until their turn. Few connections have any,
 * so they are in a table of their own; what does not fit there is a lost place in the stream, and counted.
 */
#pragma once

#include "http_state.h"

#define EARLY_BYTES 2048 /* of a segment: more than a packet of any usual link carries */
#define EARLY_SEGMENTS 8 /* of a stream */
#define EARLY_TABLE 256

struct http_early_key {
	__u64 key; /* of the socket */
	__u32 seq;
	__u32 egress;
};

struct http_early {
	__u64 conn;
	__u64 busy;
	__u64 arrived_ns;
	__u32 length;
	__u32 pad;
	__u8 bytes[EARLY_BYTES];
};

struct http_early_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, EARLY_TABLE);
	__type(key, struct http_early_key);
	__type(value, struct http_early);
};

static __always_inline struct http_early *find_early(void *table, const struct http_sock *sock, __u32 seq, __u32 egress)
{
	struct http_early_key key = {.key = sock->key, .seq = seq, .egress = egress};
	struct http_early *early = bpf_map_lookup_elem(table, &key);

	return early && early->conn == sock->conn ? early : 0;
}

/* Payload bytes of the segment that a stream is at: from the packet, or from where it was kept. */
static __always_inline int load_payload(void *table, struct __sk_buff *skb, const struct http_sock *sock,
                                        const struct http_stream *stream, __u32 egress, __u32 from, void *to, __u32 count)
{
	struct http_early *early;

	if (!stream->from_early)
		return bpf_skb_load_bytes(skb, from, to, count);
	early = find_early(table, sock, stream->early_seq, egress);
	if (!early || from >= EARLY_BYTES)
		return -1;
	return bpf_probe_read_kernel(to, count, early->bytes + from);
}
