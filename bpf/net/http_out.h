/* SPDX-License-Identifier: GPL-2.0 */
/* Records of what was seen of HTTP on a connection: exchanges, heads, ends, and requests that nobody answered. */
#pragma once

#include "http_state.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct flow_events_map flow_events SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");

static __always_inline __u8 origin_flags(const struct http_sock *sock)
{
	return (sock->adopted ? HTTP_ADOPTED : 0) | (sock->is_tls ? HTTP_TLS : 0);
}

/* How far a request has come. When it is over, where it ended, if that is known here: the request behind it may have begun. When
 * more of them have, user space was told where each begins. */
static __always_inline __u64 request_pos(struct http_sock *sock, __u32 message, __u8 *flags)
{
	struct http_stream *requests = stream_of(sock, sock->requests);

	if (requests->message == message || requests->state == HTTP_LOST)
		return requests->pos;
	if (requests->message == message + 1) {
		*flags |= HTTP_REQUEST_OVER;
		return requests->state == HTTP_START ? requests->pos : requests->begun_pos;
	}
	if (sock->asked.length && sock->asked.message == message + 1) {
		*flags |= HTTP_REQUEST_OVER;
		return sock->asked.pos;
	}
	return 0;
}

static __always_inline void fill_head(struct http_head *head, struct http_sock *sock, const struct http_stream *stream,
                                      __u32 over)
{
	const struct http_names *names = &sock->names;

	head->conn = sock->conn;
	head->begun_ns = stream->begun_ns;
	head->pos = stream->begun_pos;
	head->end = stream->pos;
	head->flags = (over ? HTTP_COMPLETE : 0) | origin_flags(sock);
	head->request_pos = request_pos(sock, stream->message, &head->flags);
	__builtin_memcpy(head->saddr, names->saddr, 16);
	__builtin_memcpy(head->daddr, names->daddr, 16);
	head->message = stream->message;
	head->tgid = names->owner.tgid;
	head->netns = names->netns;
	head->sport = names->sport;
	head->dport = names->dport;
	head->status = stream->status;
	head->minor = stream->minor;
	head->direction = names->direction;
	__builtin_memset(head->pad, 0, sizeof(head->pad));
	__builtin_memcpy(head->comm, names->owner.comm, sizeof(head->comm));
}

/* Only the line itself, in words: what stands behind it is nobody's business. */
static __always_inline void copy_line(char *to, const char *from, __u32 length, __u32 room)
{
	__u32 i;

	for (i = 0; i < room; i += 8) {
		if (i >= length)
			break;
		*(__u64 *)(to + i) = *(const __u64 *)(from + i);
	}
}

/* Keeps a request's start line for its answer. */
static __always_inline void set_asked(struct http_asked *asked, const struct http_stream *stream, const void *line, __u32 length,
                                      __u8 flags)
{
	copy_line(asked->line, line, length, HTTP_PIECE);
	asked->begun_ns = stream->begun_ns;
	asked->pos = stream->begun_pos;
	asked->message = stream->message;
	asked->flags = flags;
	asked->length = length;
}

/* The request is answered, or will not be. */
static __always_inline void forget_asked(struct http_sock *sock)
{
	struct tcp_conn *conn;

	sock->asked.length = 0;
	if (storage_is_traceable())
		return;
	conn = bpf_map_lookup_elem(&tcp_conns, &sock->key);
	if (conn && conn->id == sock->conn)
		conn->http_told++;
}

static __always_inline void emit_exchange_in(struct http_sock *sock, const struct http_stream *stream, __u32 over,
                                             const __u32 room)
{
	struct http_exchange *exchange = bpf_ringbuf_reserve(&flow_events, sizeof(*exchange) + room, 0);

	if (!exchange) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return;
	}
	fill_head(&exchange->head, sock, stream, over);
	exchange->request_ns = sock->asked.begun_ns;
	exchange->request_from = sock->asked.pos;
	exchange->length = sock->asked.length;
	exchange->flags = sock->asked.flags;
	__builtin_memset(exchange->pad, 0, sizeof(exchange->pad));
	copy_line((char *)(exchange + 1), sock->asked.line, sock->asked.length, room);
	bpf_ringbuf_submit(exchange, ring_wake_flag(&flow_events));
}

static __always_inline void emit_exchange(struct http_sock *sock, const struct http_stream *stream, __u32 over)
{
	if (sock->asked.length <= HTTP_SHORT_LINE)
		emit_exchange_in(sock, stream, over, HTTP_SHORT_LINE);
	else
		emit_exchange_in(sock, stream, over, HTTP_PIECE);
	forget_asked(sock);
}

/* A request whose answer was not seen and will not be, since a later one is answered: user space counts it. */
static __always_inline void emit_unanswered(struct http_sock *sock)
{
	struct http_asked *asked = &sock->asked;
	struct http_line *line = bpf_ringbuf_reserve(&flow_events, sizeof(*line), 0);

	if (line) {
		line->conn = sock->conn;
		line->begun_ns = asked->begun_ns;
		line->pos = asked->pos;
		line->message = asked->message;
		line->offset = 0;
		line->length = asked->length;
		line->flags = asked->flags | origin_flags(sock);
		__builtin_memset(line->pad, 0, sizeof(line->pad));
		copy_line(line->bytes, asked->line, asked->length, HTTP_PIECE);
		bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
	} else {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, asked->length);
	}
	forget_asked(sock);
}

static __always_inline void emit_head(struct http_sock *sock, const struct http_stream *stream, __u32 over)
{
	struct http_head *head = bpf_ringbuf_reserve(&flow_events, sizeof(*head), 0);

	if (!head) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return;
	}
	fill_head(head, sock, stream, over);
	bpf_ringbuf_submit(head, ring_wake_flag(&flow_events));
}

static __always_inline void emit_end(struct http_sock *sock, const struct http_stream *stream)
{
	struct http_end *end = bpf_ringbuf_reserve(&flow_events, sizeof(*end), 0);

	if (!end) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return;
	}
	end->conn = sock->conn;
	end->end = stream->pos;
	end->message = stream->message;
	end->flags = HTTP_COMPLETE | (sock->is_tls ? HTTP_TLS : 0);
	end->request_pos = request_pos(sock, stream->message, &end->flags);
	__builtin_memset(end->pad, 0, sizeof(end->pad));
	bpf_ringbuf_submit(end, ring_wake_flag(&flow_events));
}

/* Learns whose connection this is; false when the table has lost it. */
static __always_inline int learn_names(struct http_sock *sock)
{
	struct http_names *names = &sock->names;
	struct tcp_conn *conn;

	if (names->owner.rank == OWNER_EXACT)
		return 1;
	conn = bpf_map_lookup_elem(&tcp_conns, &sock->key);
	if (!conn || conn->id != sock->conn)
		return 0;
	__builtin_memcpy(names->saddr, conn->saddr, 16);
	__builtin_memcpy(names->daddr, conn->daddr, 16);
	names->netns = conn->netns;
	names->sport = conn->sport;
	names->dport = conn->dport;
	names->direction = conn->direction;
	names->owner = conn->owner;
	return 1;
}

/* A response's head, with the request that it answers where that has waited. */
static __always_inline void emit_answer(struct http_sock *sock, const struct http_stream *stream, __u32 over)
{
	if (sock->asked.length && (__s32)(stream->message - sock->asked.message) > 0)
		emit_unanswered(sock);
	if (sock->asked.length && sock->asked.message == stream->message)
		emit_exchange(sock, stream, over);
	else
		emit_head(sock, stream, over);
}

/* Hands out the response that the other direction's stream is in, or its end, with who it belongs to: by now its server has
 * accepted. */
static __always_inline void emit_response(struct http_sock *sock, __u32 over)
{
	struct http_stream *stream = stream_of(sock, !sock->requests);

	if (stream->flags & MESSAGE_HEAD_OUT) {
		emit_end(sock, stream);
		return;
	}
	stream->flags |= MESSAGE_HEAD_OUT;
	if (learn_names(sock))
		emit_answer(sock, stream, over);
}
