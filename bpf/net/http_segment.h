/* SPDX-License-Identifier: GPL-2.0 */
/* Where a packet's payload is, and where it belongs in its stream. */
#pragma once

#include "http_state.h"

struct tcp_head {
	__be16 sport;
	__be16 dport;
	__be32 seq;
	__be32 ack;
	__u8 words;
	__u8 flags;
};

#define TCP_FLAG_SYN 2

/* Where the TCP header begins; 0 for what is not looked into (IPv6 extension headers carry no HTTP on any network seen). */
static __always_inline __u32 transport_offset(struct __sk_buff *skb)
{
	__u8 first;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return 40;
	return bpf_skb_load_bytes(skb, 0, &first, 1) ? 0 : (first & 15) * 4;
}

/* Where one packet's payload is, and where it stands in its stream. */
struct segment {
	__u32 seq;
	__u32 from;
	__u32 left;
};

static __always_inline int read_segment(struct __sk_buff *skb, struct segment *segment)
{
	struct tcp_head tcp;
	__u32 at = transport_offset(skb);

	if (!at || bpf_skb_load_bytes(skb, at, &tcp, sizeof(tcp)))
		return -1;
	segment->seq = bpf_ntohl(tcp.seq);
	segment->from = at + (tcp.words >> 4) * 4;
	if (skb->len <= segment->from || tcp.flags & TCP_FLAG_SYN)
		return -1;
	segment->left = skb->len - segment->from;
	return 0;
}

/* Puts a packet in its place, under the lock, and takes bodies without looking at them. Returns whether there is a head to look
 * for; then the stream is busy until it is released. */
static __always_inline int place(struct http_stream *stream, struct segment *segment, __u32 *gap)
{
	__s32 ahead;

	/* Another CPU is taking a packet of this stream, and this one is behind or in front of it: the gap that it leaves, if it
	 * is none in a body, shows with the next packet. */
	if (stream->busy)
		return 0;
	if (!stream->started) {
		stream->started = 1;
		stream->next = segment->seq;
	}
	ahead = segment->seq - stream->next;
	if (ahead < 0) {
		if (-ahead >= (__s32)segment->left)
			return 0; /* a retransmission */
		segment->from += -ahead;
		segment->left -= -ahead;
		ahead = 0;
	}
	if (ahead > 0) {
		if (in_body(stream) && (stream->state == HTTP_UNTIL_CLOSE || stream->remaining >= ahead)) {
			if (stream->state != HTTP_UNTIL_CLOSE)
				stream->remaining -= ahead;
		} else if (stream->state != HTTP_LOST) {
			stream->state = HTTP_LOST;
			*gap = ahead;
		}
	}
	stream->pos += ahead;
	stream->next += ahead + segment->left;
	if (stream->state == HTTP_UNTIL_CLOSE || (in_body(stream) && stream->remaining > segment->left)) {
		if (stream->state != HTTP_UNTIL_CLOSE)
			stream->remaining -= segment->left;
		stream->pos += segment->left;
		return 0;
	}
	stream->busy = 1;
	return 1;
}
