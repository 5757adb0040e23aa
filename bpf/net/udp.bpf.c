// SPDX-License-Identifier: GPL-2.0
/* UDP keeps no counters in the socket, so its packets are counted, at the cgroup's socket filters. */
#include "dns_out.h"
#include "nat.h"
#include "udp_packet.h"

struct udp_flows_map udp_flows SEC(".maps");
struct udp_socks_map udp_socks SEC(".maps");
struct dns_ports_map dns_ports SEC(".maps");
struct dns_events_map dns_events SEC(".maps");
extern struct flow_control_map flow_control SEC(".maps");

/* The datagram that this CPU is handing to a socket: whether it fits in the socket's buffer is known only afterwards. */
struct udp_delivery {
	struct udp_key key;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct udp_delivery);
} udp_delivering SEC(".maps");

static __always_inline int is_bound_by_name(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & SOCK_BINDPORT_LOCK;
}

/* Sockets of the kernel itself (tunnels) send in whatever process is running. */
static __always_inline int is_kernel_socket(struct sock *sk)
{
	return !BPF_CORE_READ(sk, sk_socket, file);
}

/* Returns when the socket was adopted, 0 for one that is not older than the agent. */
static __always_inline __u64 remember_first_flow(const struct udp_key *key, struct owner *owner)
{
	struct udp_sock_info *info = bpf_map_lookup_elem(&udp_socks, &key->sk);
	struct udp_sock_info fresh = {};

	if (info) {
		if (owner->rank < info->owner.rank)
			*owner = info->owner;
		if (!info->first.sk || !bpf_map_lookup_elem(&udp_flows, &info->first))
			info->first = *key;
		return info->adopted_ns;
	}
	fresh.owner = *owner;
	fresh.first = *key;
	if (bpf_map_update_elem(&udp_socks, &key->sk, &fresh, BPF_NOEXIST))
		count_loss_in(&flow_losses, LOSS_OWNERS_FULL, 0);
	return 0;
}

/* Whether the socket's flows may be older than what is known of them. */
static __always_inline int may_be_older(__u64 adopted_ns)
{
	struct flow_control *control = control_in(&flow_control);

	return control && (!control->begun || (adopted_ns && bpf_ktime_get_ns() - adopted_ns < control->udp_idle_ns));
}

/* Whose datagram came first decides. Of what may be older the port decides: servers bind theirs by number. */
static __always_inline __u8 direction_of(struct sock *sk, __u64 adopted_ns, int egress)
{
	if (may_be_older(adopted_ns))
		return is_bound_by_name(sk) ? FLOW_INCOMING : FLOW_OUTGOING;
	/* An answer may come from an address that the question was translated from, which is not known here without these types. */
	if (egress || (!bpf_core_type_exists(struct nf_conn) && !is_bound_by_name(sk)))
		return FLOW_OUTGOING;
	return FLOW_INCOMING;
}

/*
 * A translated flow has two entries: what leaves has the ends as translated, what comes has them as the socket knows them. The second
 * entry takes the direction of the first, whichever that is.
 */
static __always_inline void share_direction(const struct udp_key *key, struct udp_flow *flow)
{
	struct udp_key other = {.sk = key->sk, .ends = flow->before_nat};
	struct udp_flow *known = bpf_map_lookup_elem(&udp_flows, &other);

	if (known) {
		flow->direction = known->direction;
		return;
	}
	flow->translated = 0;
	bpf_map_update_elem(&udp_flows, &other, flow, BPF_NOEXIST);
	flow->translated = 1;
	flow->id = new_flow_id();
}

/* Returns the flow's place in the table, or null when that is full. */
static __always_inline struct udp_flow *begin_flow(struct __sk_buff *skb, struct bpf_sock *bpf_sk, const struct udp_key *key,
                                                   struct udp_flow *flow, int egress)
{
	struct sock *sk = (struct sock *)key->sk;

	__builtin_memset(flow, 0, sizeof(*flow));
	flow->id = new_flow_id();
	flow->netns = netns_of(sk);
	if (egress && !is_kernel_socket(sk))
		set_owner_current(&flow->owner, OWNER_EXACT);
	if (egress)
		flow->translated = ends_before_nat(skb, bpf_sk, &key->ends, &flow->before_nat);
	flow->direction = direction_of(sk, remember_first_flow(key, &flow->owner), egress);
	if (flow->translated)
		share_direction(key, flow);
	bpf_map_update_elem(&udp_flows, key, flow, BPF_NOEXIST);
	return bpf_map_lookup_elem(&udp_flows, key);
}

/* What goes to the DNS part. A packet on its way out may have been translated already, the answer will come back as the socket knows
 * it. */
static __always_inline void hand_out_dns(struct __sk_buff *skb, __u32 egress, __u32 from, const struct udp_key *key,
                                         const struct udp_flow *flow)
{
	const struct flow_ends *ends = flow->translated ? &flow->before_nat : &key->ends;
	struct dns_record record = {.transport = IPPROTO_UDP, .netns = flow->netns};

	record.at_ns = bpf_ktime_get_ns();
	__builtin_memcpy(record.saddr, ends->laddr, 16);
	__builtin_memcpy(record.daddr, ends->raddr, 16);
	record.sport = ends->lport;
	record.dport = ends->rport;
	if (egress) {
		record.flags = DNS_SENT;
		record.tgid = flow->owner.rank == OWNER_EXACT ? flow->owner.tgid : 0;
	}
	dns_emit(skb, &record, from, skb->len - from);
}

/* One datagram of a socket of this host. A function of its own: its locals would not fit on the stack beside those of http. */
static __attribute__((noinline)) int udp_on_datagram(struct __sk_buff *skb, struct bpf_sock *sk, __u32 egress)
{
	struct udp_packet packet;
	struct udp_key key = {};
	struct udp_delivery *delivery;
	struct udp_flow *flow, fresh;
	__u32 zero = 0, dns = 0;

	if (skb->protocol == bpf_htons(ETH_P_IP) ? read_ipv4(skb, &packet) : read_ipv6(skb, &packet)) {
		count_loss_in(&flow_losses, LOSS_PACKET_UNREADABLE, skb->len);
		return 0;
	}
	/* To find the flow the pointer itself will do, where it may be part of a key. */
	if (is_since_5_11())
		key.sk = (__u64)(long)sk;
	else
		key.sk = address_of(sk);
	__builtin_memcpy(key.ends.laddr, egress ? packet.saddr : packet.daddr, 16);
	__builtin_memcpy(key.ends.raddr, egress ? packet.daddr : packet.saddr, 16);
	key.ends.lport = bpf_ntohs(egress ? packet.sport : packet.dport);
	key.ends.rport = bpf_ntohs(egress ? packet.dport : packet.sport);
	if (egress && !sk->dst_port)
		key.leaves_translated = leaves_translated(skb);
	if (may_be_dns(&dns_ports, sk, key.ends.lport, key.ends.rport))
		dns = skb->len - packet.payload;
	flow = bpf_map_lookup_elem(&udp_flows, &key);
	if (!flow) {
		key.sk = address_of(sk);
		flow = begin_flow(skb, sk, &key, &fresh, egress);
	}
	if (!flow) {
		/* Not counted in any flow, and yet it may be DNS. */
		count_loss_in(&flow_losses, LOSS_UDP_TABLE_FULL, packet.payload);
		flow = &fresh;
	}
	barrier_var(flow); /* no arithmetic on it before it was looked at */
	if (flow->translated && !dns && may_be_dns(&dns_ports, sk, flow->before_nat.lport, flow->before_nat.rport))
		dns = skb->len - packet.payload;
	if (egress) {
		__sync_fetch_and_add(&flow->tx_bytes, packet.payload);
		if (flow->owner.rank < OWNER_EXACT && !is_kernel_socket((struct sock *)address_of(sk)))
			set_owner_current(&flow->owner, OWNER_EXACT);
	} else {
		__sync_fetch_and_add(&flow->rx_bytes, packet.payload);
		delivery = bpf_map_lookup_elem(&udp_delivering, &zero);
		if (delivery) {
			delivery->key = key;
			delivery->bytes = packet.payload;
		}
	}
	if (dns)
		hand_out_dns(skb, egress, dns, &key, flow);
	return 0;
}

int http_on_segment(struct __sk_buff *skb, __u32 egress);
int nat_on_syn(struct __sk_buff *skb);

static __always_inline int on_packet(struct __sk_buff *skb, __u32 egress, int http)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 1;
	if (sk->protocol == IPPROTO_UDP) {
		udp_on_datagram(skb, sk, egress);
	} else if (sk->protocol == IPPROTO_TCP) {
		if (egress && sk->state == TCP_SYN_SENT)
			nat_on_syn(skb);
		if (may_be_dns(&dns_ports, sk, sk->src_port, 0))
			dns_on_segment(skb, egress);
		else if (http)
			http_on_segment(skb, egress);
	}
	return 1;
}

SEC("cgroup_skb/ingress")
int udp_on_ingress(struct __sk_buff *skb)
{
	return on_packet(skb, 0, 0);
}

SEC("cgroup_skb/egress")
int udp_on_egress(struct __sk_buff *skb)
{
	return on_packet(skb, 1, 0);
}

/* The same with httpflow on: one program a packet costs less than two. */
SEC("cgroup_skb/ingress")
int net_on_ingress(struct __sk_buff *skb)
{
	return on_packet(skb, 0, 1);
}

SEC("cgroup_skb/egress")
int net_on_egress(struct __sk_buff *skb)
{
	return on_packet(skb, 1, 1);
}

/* The socket's buffer was full, or memory was short: what was just counted has not been received. */
SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(udp_on_refused, int error, struct sock *sk)
{
	__u32 zero = 0;
	struct udp_delivery *delivery = bpf_map_lookup_elem(&udp_delivering, &zero);
	struct udp_flow *flow;

	if (!delivery || delivery->key.sk != (__u64)sk)
		return 0;
	flow = bpf_map_lookup_elem(&udp_flows, &delivery->key);
	if (flow)
		__sync_fetch_and_sub(&flow->rx_bytes, delivery->bytes);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
