// SPDX-License-Identifier: GPL-2.0
/* Looks what stands before HTTP. Functions of their own: their locals would not fit on 5.10's stack beside those of the callers. */
#include "http_preface.h"
#include "http_early.h"
#include "http_head.h"

#define PROXY_SPACE 0x002059584f5250ULL /* "PROXY ", the first six bytes as a little-endian number */
#define SIX_BYTES 0x0000ffffffffffffULL
#define PROXY_2_FIRST 0x510a0d000a0d0a0dULL /* CR LF CR LF NUL CR LF Q */
#define PROXY_2_SECOND 0x0a544955U          /* UIT LF */
#define PROXY_2_HEAD 16                     /* bytes, with the length of what follows in the last two */

extern struct http_socks_map http_socks SEC(".maps");
extern struct http_early_map http_early SEC(".maps");

/* Looks whether the stream of requests begins with a header of the PROXY protocol. */
__attribute__((noinline)) int http_begin_preface(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_stream *stream;
	__u64 word;

	if (!sock || left < sizeof(word))
		return 0;
	stream = stream_of(sock, egress);
	if (load_payload(&http_early, skb, sock, stream, egress, from, &word, sizeof(word)))
		return 0;
	if ((word & SIX_BYTES) == PROXY_SPACE) {
		stream->line = 0;
		stream->state = HTTP_PREFACE_LINE;
		return 0;
	}
	if (word != PROXY_2_FIRST || left < PROXY_2_HEAD ||
	    load_payload(&http_early, skb, sock, stream, egress, from + sizeof(word), &word, sizeof(word)) ||
	    (__u32)word != PROXY_2_SECOND)
		return 0;
	stream->remaining = PROXY_2_HEAD + bpf_ntohs(word >> 48);
	stream->state = HTTP_PREFACE;
	return 0;
}

/* A handshake record of any version. */
static __always_inline int begins_tls(struct __sk_buff *skb, const struct http_sock *sock, const struct http_stream *stream,
                                      __u32 from, __u32 egress)
{
	__u8 first[2];

	return !load_payload(&http_early, skb, sock, stream, egress, from, first, sizeof(first)) && first[0] == 0x16 &&
	       first[1] == 3;
}

/* What does not begin as HTTP does may be a preface to it, as SOCKS is: the first packets of each direction are looked at. Not those of
 * TLS, which is another's. Returns the bytes that are done with, 0 when the connection is. */
__attribute__((noinline)) int http_doubt(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress)
{
	struct http_sock *sock = sock_in(&http_socks, skb);
	struct http_stream *stream;

	if (!sock)
		return 0;
	stream = stream_of(sock, egress);
	if (begins_tls(skb, sock, stream, from, egress)) {
		sock->off = 1;
		return 0;
	}
	if (++stream->tries > PREFACE_TRIES) {
		give_up(sock, left);
		return 0;
	}
	stream->state = HTTP_LOST;
	stream->flags = 0;
	stream->line_waits = 0;
	stream->pos += left;
	return left;
}

char LICENSE[] SEC("license") = "GPL";
