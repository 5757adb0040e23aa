// SPDX-License-Identifier: GPL-2.0
/* Hands out what was seen of HTTP: start lines that cannot wait for their answer, responses, ends. */
#include "http_early.h"
#include "http_out.h"

extern struct http_socks_map http_socks SEC(".maps");
struct http_early_map http_early SEC(".maps");

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct http_line *wire_http_line;
const struct http_head *wire_http_head;
const struct http_end *wire_http_end;
const struct http_exchange *wire_http_exchange;

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
	fill_line(line, sock->conn, stream, count, (complete ? HTTP_COMPLETE : 0) | origin_flags(sock));
	if (load_payload(&http_early, skb, sock, stream, sock->requests, stream->line_from, line->bytes, count))
		line->length = 0;
	stream->offset += count;
	bpf_ringbuf_submit(line, ring_wake_flag(&flow_events));
	return 0;
}

__attribute__((noinline)) int http_emit_response(struct __sk_buff *skb, __u32 over)
{
	struct http_sock *sock = sock_in(&http_socks, skb);

	if (sock)
		emit_response(sock, over);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
