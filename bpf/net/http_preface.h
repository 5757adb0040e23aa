/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may stand before HTTP on a connection: the header of the PROXY protocol, which a load balancer puts in front of what it passes
 * on (haproxy, proxy-protocol.txt, versions 1 and 2), or a talk with a proxy (SOCKS), after which HTTP begins with a packet.
 */
#pragma once

#include "http_early.h"

extern struct http_early_map http_early SEC(".maps");

#define PREFACE_TRIES 8 /* packets of a direction that are looked at */

#define PROXY_SPACE 0x002059584f5250ULL /* "PROXY ", the first six bytes as a little-endian number */
#define SIX_BYTES 0x0000ffffffffffffULL
#define PROXY_2_FIRST 0x510a0d000a0d0a0dULL /* CR LF CR LF NUL CR LF Q */
#define PROXY_2_SECOND 0x0a544955U          /* UIT LF */
#define PROXY_2_HEAD 16                     /* bytes, with the length of what follows in the last two */

/* Nothing on this connection was HTTP yet. */
static __always_inline int may_begin_later(const struct http_sock *sock)
{
	return !sock->adopted && !sock->streams[0].message && !sock->streams[1].message;
}

static __always_inline int begins_tls(struct __sk_buff *skb, const struct http_sock *sock, const struct http_stream *stream,
                                      __u32 from)
{
	__u8 first[2];

	/* A handshake record of any version. */
	return !stream->from_early && !bpf_skb_load_bytes(skb, from, first, sizeof(first)) && first[0] == 0x16 && first[1] == 3;
}

/* Looks whether the stream of requests begins with a header of the PROXY protocol. */
static __always_inline void begin_preface(struct __sk_buff *skb, const struct http_sock *sock, struct http_stream *stream,
                                          __u32 from, __u32 left)
{
	__u64 first, second;

	if (left < sizeof(first) || load_payload(&http_early, skb, sock, stream, sock->requests, from, &first, sizeof(first)))
		return;
	if ((first & SIX_BYTES) == PROXY_SPACE) {
		stream->line = 0;
		stream->state = HTTP_PREFACE_LINE;
		return;
	}
	if (first != PROXY_2_FIRST || left < PROXY_2_HEAD ||
	    load_payload(&http_early, skb, sock, stream, sock->requests, from + sizeof(first), &second, sizeof(second)) ||
	    (__u32)second != PROXY_2_SECOND)
		return;
	stream->remaining = PROXY_2_HEAD + bpf_ntohs(second >> 48);
	stream->state = HTTP_PREFACE;
}

static __always_inline __u32 take_preface(struct http_stream *stream, __u32 left)
{
	__u32 taken = stream->remaining < left ? stream->remaining : left;

	stream->pos += taken;
	stream->remaining -= taken;
	if (!stream->remaining)
		stream->state = HTTP_START;
	return taken;
}
