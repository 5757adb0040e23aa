// SPDX-License-Identifier: GPL-2.0
/* Hands out the TCP segments of the DNS ports as they are; what they mean is found out in user space. For datagrams see
 * udp.bpf.c. */
#include "../common/transport.h"
#include "dns_out.h"
#include "nat.h"

#define MAX_PIECES 128 /* of the largest packet, 512 KiB */

extern struct tcp_conns_map tcp_conns SEC(".maps");

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct dns_record *wire_dns_record;
const struct dns_ports *wire_dns_ports;

/* Both sides as the packet shows them. */
static __always_inline int read_addresses(struct __sk_buff *skb, __u32 egress, struct dns_record *record)
{
	__u8 *source = egress ? record->saddr : record->daddr;
	__u8 *destination = egress ? record->daddr : record->saddr;
	__be32 ipv4[2];

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return bpf_skb_load_bytes(skb, 8, source, 16) || bpf_skb_load_bytes(skb, 24, destination, 16);
	if (bpf_skb_load_bytes(skb, 12, ipv4, sizeof(ipv4)))
		return -1;
	map_ipv4(source, ipv4[0]);
	map_ipv4(destination, ipv4[1]);
	return 0;
}

static __always_inline int read_packet(struct __sk_buff *skb, __u32 at, __u32 egress, struct dns_record *record)
{
	__be16 ports[2];

	if (bpf_skb_load_bytes(skb, at, ports, sizeof(ports)) || read_addresses(skb, egress, record))
		return -1;
	record->sport = bpf_ntohs(egress ? ports[0] : ports[1]);
	record->dport = bpf_ntohs(egress ? ports[1] : ports[0]);
	return 0;
}

/* A packet on its way out has been translated already (DNAT to a cluster's or a container's resolver), the answer will come back
 * as the socket knows it: a connected one says which peer that is, for a listener that greets connection tracking knows it. */
static __always_inline void undo_nat(struct __sk_buff *skb, struct bpf_sock *sk, struct dns_record *record)
{
	struct flow_ends ends, now = {};

	if (sk->dst_port)
		read_socket(sk, sk->family == AF_INET, &ends);
	else if (!ends_before_nat(skb, sk, &now, &ends))
		return;
	__builtin_memcpy(record->saddr, ends.laddr, 16);
	__builtin_memcpy(record->daddr, ends.raddr, 16);
	record->sport = ends.lport;
	record->dport = ends.rport;
}

/* TCP sends in whatever process is running. */
static __always_inline __u32 sender_of(struct bpf_sock *sk)
{
	__u64 key = address_of(sk);
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);

	return conn ? conn->owner.tgid : 0;
}

/* The sequence number of a byte of a segment. */
static __always_inline int read_seq(struct __sk_buff *skb, __u32 at, __u32 from, __u32 *seq)
{
	__be32 first;
	__u8 words;

	if (bpf_skb_load_bytes(skb, at + 4, &first, sizeof(first)) || bpf_skb_load_bytes(skb, at + 12, &words, 1))
		return -1;
	*seq = bpf_ntohl(first) + (from - at - (words >> 4) * 4);
	return 0;
}

static __always_inline __u32 piece_of(struct __sk_buff *skb, __u32 from)
{
	__u32 left = skb->len - from;

	return left < DNS_LARGE ? left : DNS_LARGE;
}

/* Hands out as many bytes as one record holds, of a beginning and an end none; at is where the TCP header begins. Verified once. */
__attribute__((noinline)) int dns_take(struct __sk_buff *skb, __u32 at, __u32 from, __u32 flags)
{
	struct dns_record head = {.transport = IPPROTO_TCP, .flags = flags};
	__u32 count = flags & (DNS_BEGIN | DNS_END) ? 0 : piece_of(skb, from);
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 0;
	if (read_packet(skb, at, flags & DNS_SENT, &head) || read_seq(skb, at, from, &head.seq)) {
		count_loss_in(&flow_losses, LOSS_DNS_UNREADABLE, count);
		return 0;
	}
	if (flags & DNS_BEGIN)
		head.seq++; /* the SYN's own */
	if (flags & DNS_SENT) {
		undo_nat(skb, sk, &head);
		head.tgid = sender_of(sk);
	}
	head.at_ns = bpf_ktime_get_ns();
	head.netns = netns_of((struct sock *)address_of(sk));
	dns_emit(skb, &head, from, count);
	return 0;
}

#define TCP_FLAG_FIN 1
#define TCP_FLAG_SYN 2
#define TCP_FLAG_RST 4

__attribute__((noinline)) int dns_on_segment(struct __sk_buff *skb, __u32 egress)
{
	__u32 direction = egress ? DNS_SENT : 0;
	__u32 at = transport_offset(skb, IPPROTO_TCP), from;
	__u8 words_and_flags[2];
	int i;

	if (!at || bpf_skb_load_bytes(skb, at + 12, words_and_flags, 2)) {
		count_loss_in(&flow_losses, LOSS_DNS_UNREADABLE, skb->len);
		return 0;
	}
	from = at + (words_and_flags[0] >> 4) * 4;
	if (words_and_flags[1] & TCP_FLAG_SYN)
		dns_take(skb, at, from, direction | DNS_BEGIN);
	for (i = 0; i < MAX_PIECES && from < skb->len; i++, from += DNS_LARGE)
		dns_take(skb, at, from, direction);
	if (words_and_flags[1] & (TCP_FLAG_FIN | TCP_FLAG_RST))
		dns_take(skb, at, from, direction | DNS_END);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
