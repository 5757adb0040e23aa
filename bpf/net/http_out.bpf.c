// SPDX-License-Identifier: GPL-2.0
/* Hands out what was seen of HTTP: start lines that cannot wait for their answer, responses, ends. */
#include "http_early.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct flow_events_map flow_events SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");

struct http_socks_map http_socks SEC(".maps");
struct http_early_map http_early SEC(".maps");

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct http_line *wire_http_line;
const struct http_head *wire_http_head;
const struct http_end *wire_http_end;
const struct http_exchange *wire_http_exchange;

static __always_inline __u8 adopted_flag(const struct http_sock *sock)
{
	return sock->adopted ? HTTP_ADOPTED : 0;
}

/* Hands out what waits of a request's start line. */
__attribute__((noinline)) int http_emit_line(struct __sk_buff *skb, __u32 complete)
{
	struct http_stream *stream;
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_line *line;
	__u32 count;

	if (!sock)
		return 0;
	stream = stream_of(sock, sock->requests);
	count = stream->line_waits;
	stream->line_waits = 0;
	if (count == 0 || count > HTTP_PIECE)
		return 0;
	count = bounded(count, HTTP_PIECE);
	line = bpf_ringbuf_reserve(&flow_events, sizeof(*line), 0);
	if (!line) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, count);
		return 0;
	}
	fill_line(line, sock->conn, stream, count, (complete ? HTTP_COMPLETE : 0) | adopted_flag(sock));
	if (load_payload(&http_early, skb, sock, stream, sock->requests, stream->line_from, line->bytes, count))
		line->length = 0;
	stream->offset += count;
	bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
	return 0;
}

static __always_inline void fill_head(struct http_head *head, struct http_sock *sock, const struct http_stream *stream,
                                      const struct tcp_conn *conn, __u32 over)
{
	head->conn = sock->conn;
	head->begun_ns = stream->begun_ns;
	head->pos = stream->begun_pos;
	head->end = stream->pos;
	head->flags = (over ? HTTP_COMPLETE : 0) | adopted_flag(sock);
	head->request_pos = request_pos(sock, stream->message, &head->flags);
	__builtin_memcpy(head->saddr, conn->saddr, 16);
	__builtin_memcpy(head->daddr, conn->daddr, 16);
	head->message = stream->message;
	head->tgid = conn->owner.tgid;
	head->netns = conn->netns;
	head->sport = conn->sport;
	head->dport = conn->dport;
	head->status = stream->status;
	head->minor = stream->minor;
	head->direction = conn->direction;
	__builtin_memset(head->pad, 0, sizeof(head->pad));
	__builtin_memcpy(head->comm, conn->owner.comm, sizeof(head->comm));
}

/* Only the line itself, in words: what stands behind it is nobody's business. */
static __always_inline void copy_line(char *to, const char *from, __u32 length)
{
	__u32 i;

	for (i = 0; i < HTTP_PIECE; i += 8) {
		if (i >= length)
			break;
		*(__u64 *)(to + i) = *(const __u64 *)(from + i);
	}
}

static __always_inline void emit_exchange(struct http_sock *sock, const struct http_stream *stream, struct tcp_conn *conn,
                                          __u32 over)
{
	struct http_exchange *exchange = bpf_ringbuf_reserve(&flow_events, sizeof(*exchange), 0);

	if (exchange) {
		fill_head(&exchange->head, sock, stream, conn, over);
		exchange->request_ns = sock->asked.begun_ns;
		exchange->request_from = sock->asked.pos;
		exchange->length = sock->asked.length;
		exchange->flags = sock->asked.flags;
		__builtin_memset(exchange->pad, 0, sizeof(exchange->pad));
		copy_line(exchange->line, sock->asked.line, sock->asked.length);
		bpf_ringbuf_submit(exchange, ring_wake_flag(&flow_events));
	} else {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
	}
	conn->http_told++;
	sock->asked.length = 0;
}

/* A request whose answer was not seen and will not be, since a later one is answered: user space counts it. */
static __always_inline void emit_unanswered(struct http_sock *sock, struct tcp_conn *conn)
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
		line->flags = asked->flags | adopted_flag(sock);
		__builtin_memset(line->pad, 0, sizeof(line->pad));
		copy_line(line->bytes, asked->line, asked->length);
		bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
	} else {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, asked->length);
	}
	conn->http_told++;
	asked->length = 0;
}

static __always_inline void emit_head(struct http_sock *sock, const struct http_stream *stream, const struct tcp_conn *conn,
                                      __u32 over)
{
	struct http_head *head = bpf_ringbuf_reserve(&flow_events, sizeof(*head), 0);

	if (!head) {
		count_loss_in(&flow_losses, LOSS_HTTP_RING_FULL, 0);
		return;
	}
	fill_head(head, sock, stream, conn, over);
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
	end->flags = HTTP_COMPLETE;
	end->request_pos = request_pos(sock, stream->message, &end->flags);
	__builtin_memset(end->pad, 0, sizeof(end->pad));
	bpf_ringbuf_submit(end, ring_wake_flag(&flow_events));
}

/* Hands out the response that the other direction's stream is in, or its end, with who it belongs to: by now its server has
 * accepted. */
__attribute__((noinline)) int http_emit_response(struct __sk_buff *skb, __u32 over)
{
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_stream *stream;
	struct tcp_conn *conn;

	if (!sock)
		return 0;
	stream = stream_of(sock, !sock->requests);
	if (stream->flags & MESSAGE_HEAD_OUT) {
		emit_end(sock, stream);
		return 0;
	}
	stream->flags |= MESSAGE_HEAD_OUT;
	conn = bpf_map_lookup_elem(&tcp_conns, &sock->key);
	if (!conn || conn->id != sock->conn)
		return 0;
	if (sock->asked.length && (__s32)(stream->message - sock->asked.message) > 0)
		emit_unanswered(sock, conn);
	if (sock->asked.length && sock->asked.message == stream->message)
		emit_exchange(sock, stream, conn, over);
	else
		emit_head(sock, stream, conn, over);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
