/* SPDX-License-Identifier: GPL-2.0 */
/* Where a packet's payload is, and where it belongs in its stream. */
#pragma once

#include "../common/transport.h"
#include "http_early.h"

struct tcp_head {
	__be16 sport;
	__be16 dport;
	__be32 seq;
	__be32 ack;
	__u8 words;
	__u8 flags;
};

#define TCP_FLAG_SYN 2

/* Where one packet's payload is, and where it stands in its stream. */
struct segment {
	__u32 seq;
	__u32 from;
	__u32 left;
};

/* The TCP header; almost every packet has it where it can be read without a call. */
static __always_inline __u32 read_tcp(struct __sk_buff *skb, struct tcp_head *tcp)
{
	const __u8 *data = (const __u8 *)(long)skb->data;
	const __u8 *end = (const __u8 *)(long)skb->data_end;
	__u32 at;

	if (data + PLAIN_IPV4 + sizeof(*tcp) <= end && data[0] == 0x45) {
		__builtin_memcpy(tcp, data + PLAIN_IPV4, sizeof(*tcp));
		return PLAIN_IPV4;
	}
	if (data + PLAIN_IPV6 + sizeof(*tcp) <= end && data[0] >> 4 == 6 && data[IPV6_NEXT] == IPPROTO_TCP) {
		__builtin_memcpy(tcp, data + PLAIN_IPV6, sizeof(*tcp));
		return PLAIN_IPV6;
	}
	at = transport_offset(skb, IPPROTO_TCP);
	return at && !bpf_skb_load_bytes(skb, at, tcp, sizeof(*tcp)) ? at : 0;
}

static __always_inline int read_segment(struct __sk_buff *skb, struct segment *segment)
{
	struct tcp_head tcp;
	__u32 at = read_tcp(skb, &tcp);

	if (!at)
		return -1;
	/* A SYN takes a number of its own; data behind it is Fast Open's. */
	segment->seq = bpf_ntohl(tcp.seq) + !!(tcp.flags & TCP_FLAG_SYN);
	segment->from = at + (tcp.words >> 4) * 4;
	if (skb->len <= segment->from)
		return -1;
	segment->left = skb->len - segment->from;
	return 0;
}

enum place {
	PLACE_NOTHING, /* there is nothing to look at */
	PLACE_TAKE,    /* there is a head to look for: the stream is busy until it is released */
	PLACE_KEEP,    /* it comes before its turn */
};

static __always_inline int keep_for_later(struct http_stream *stream, const struct segment *segment)
{
	if (segment->left > EARLY_BYTES || stream->early >= EARLY_SEGMENTS)
		return 0;
	stream->early++;
	return 1;
}

static __always_inline void keep_none(struct http_sock *sock, struct http_stream *stream)
{
	bpf_spin_lock(&sock->lock);
	if (stream->early)
		stream->early--;
	bpf_spin_unlock(&sock->lock);
}

/* A gap inside of a body is as good as the body's bytes. */
static __always_inline int skip_gap(struct http_stream *stream, __u32 ahead)
{
	if (stream->state == HTTP_UNTIL_CLOSE)
		return 1;
	if (!in_body(stream) || stream->remaining < ahead)
		return 0;
	stream->remaining -= ahead;
	return 1;
}

/* Puts a packet in its place, under the lock, and takes bodies without looking at them. */
static __always_inline enum place place(struct http_stream *stream, struct segment *segment, __u32 *gap)
{
	__s32 ahead;

	if (!stream->started) {
		stream->started = 1;
		stream->next = segment->seq;
	}
	ahead = segment->seq - stream->next;
	if (ahead < 0) {
		if (-ahead >= (__s32)segment->left)
			return PLACE_NOTHING; /* a retransmission */
		segment->from += -ahead;
		segment->left -= -ahead;
		segment->seq = stream->next;
		ahead = 0;
	}
	/* Another CPU is in the middle of a packet of this stream. When this one cannot be kept, the gap that it leaves, if it is
	 * none in a body, shows with the next packet. */
	if (stream->busy)
		return keep_for_later(stream, segment) ? PLACE_KEEP : PLACE_NOTHING;
	if (ahead > 0 && !skip_gap(stream, ahead) && stream->state != HTTP_LOST) {
		if (keep_for_later(stream, segment))
			return PLACE_KEEP;
		stream->state = HTTP_LOST;
		stream->early = 0;
		*gap = ahead;
	}
	stream->pos += ahead;
	stream->next += ahead + segment->left;
	if (stream->state == HTTP_UNTIL_CLOSE ||
	    (in_body(stream) && stream->remaining > segment->left && !(stream->flags & MESSAGE_EXPECTS))) {
		if (stream->state != HTTP_UNTIL_CLOSE)
			stream->remaining -= segment->left;
		stream->pos += segment->left;
		return PLACE_NOTHING;
	}
	stream->busy = 1;
	return PLACE_TAKE;
}
