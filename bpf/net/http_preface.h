/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may stand before HTTP on a connection: the header of the PROXY protocol, which a load balancer puts in front of what it passes
 * on (haproxy, proxy-protocol.txt, versions 1 and 2), or a talk with a proxy (SOCKS), after which HTTP begins with a packet.
 */
#pragma once

#include "http_state.h"

extern struct flow_losses_map flow_losses SEC(".maps");

#define PREFACE_TRIES 8 /* packets of a direction that are looked at */

/* Nothing on this connection was HTTP yet. */
static __always_inline int may_begin_later(const struct http_sock *sock)
{
	return !sock->adopted && !sock->streams[0].message && !sock->streams[1].message;
}

static __always_inline void give_up(struct http_sock *sock, __u32 left)
{
	count_loss_in(&flow_losses, LOSS_HTTP_NOT_HTTP, left);
	sock->off = 1;
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
