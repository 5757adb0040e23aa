// SPDX-License-Identifier: GPL-2.0
/*
 * Which process a server's socket belongs to, on kernels where nothing can be hooked at accept: the kernel asks the
 * cgroup's getpeername programs for the peer address inside accept(), in the accepting process.
 */
#include "mptcp.h"
#include "tcp_event.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct udp_flows_map udp_flows SEC(".maps");
extern struct udp_socks_map udp_socks SEC(".maps");
extern struct flow_events_map flow_events SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");
extern struct flow_control_map flow_control SEC(".maps");
extern struct flow_unsure_map flow_unsure SEC(".maps");

static __always_inline void own_connection(__u64 key, __u8 rank)
{
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);

	if (!conn || conn->owner.rank >= rank)
		return;
	if (conn->established && conn->owner.rank < OWNER_HOLDER)
		count_unsure_in(&flow_unsure, -1);
	set_owner_current(&conn->owner, rank);
}

static __always_inline int on_accept(struct bpf_sock_addr *ctx)
{
	if (ctx->sk && ctx->protocol == IPPROTO_TCP)
		own_connection(address_of(ctx->sk), OWNER_EXACT);
	else if (ctx->sk && ctx->protocol == IPPROTO_MPTCP)
		own_connection((__u64)first_subflow((struct sock *)address_of(ctx->sk)), OWNER_EXACT);
	return 1;
}

SEC("cgroup/getpeername4")
int tcp_on_accept4(struct bpf_sock_addr *ctx)
{
	return on_accept(ctx);
}

SEC("cgroup/getpeername6")
int tcp_on_accept6(struct bpf_sock_addr *ctx)
{
	return on_accept(ctx);
}

static __always_inline int on_bind(struct bpf_sock *ctx)
{
	struct udp_sock_info info = {};
	__u64 key;

	if (ctx->protocol != IPPROTO_UDP)
		return 1;
	key = address_of(ctx);
	set_owner_current(&info.owner, OWNER_LISTENER);
	bpf_map_update_elem(&udp_socks, &key, &info, BPF_ANY);
	return 1;
}

SEC("cgroup/post_bind4")
int udp_on_bind4(struct bpf_sock *ctx)
{
	return on_bind(ctx);
}

SEC("cgroup/post_bind6")
int udp_on_bind6(struct bpf_sock *ctx)
{
	return on_bind(ctx);
}

/* Ends the socket's first flow, the only one of a client's socket. The flows of a socket with many peers end by being idle.
 * When the ring is full the flow stays in the table, where the sweep finds it: nothing is lost. */
static __always_inline void end_udp_flow(struct udp_key *key)
{
	struct udp_flow *flow = bpf_map_lookup_elem(&udp_flows, key);
	struct flow_event *event;

	if (!flow)
		return;
	event = bpf_ringbuf_reserve(&flow_events, sizeof(*event), 0);
	if (!event)
		return;
	fill_udp_event(event, key, flow);
	event->flags = FLOW_CLOSED;
	bpf_map_delete_elem(&udp_flows, key);
	bpf_ringbuf_submit(event, ring_wake_flag(&flow_events));
}

/* Where no hook tells the end of a connection that is older than the agent: nobody has it open any more. What is queued will be
 * sent. */
static __always_inline void end_unseen(__u64 key)
{
	struct flow_control *control = control_in(&flow_control);
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);
	struct sock *sk = (struct sock *)key;
	struct flow_event *event;
	int state;

	if (!control || !control->ends_unseen || !conn || !conn->established || !conn->adopted)
		return;
	event = bpf_ringbuf_reserve(&flow_events, sizeof(*event), 0);
	if (!event)
		return; /* the sweep will find it gone */
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	fill_event(event, conn, sk, state);
	/* Which state it closed from is not known any more: with the peer's FIN taken in, as a rule one after its own was sent. */
	if (state == TCP_CLOSE && has_peer_fin(sk))
		state = TCP_LAST_ACK;
	event->tx_bytes = bytes_queued((struct tcp_sock *)sk, state) - conn->base_tx;
	event->flags = closed_flags(conn);
	bpf_map_delete_elem(&tcp_conns, &key);
	bpf_ringbuf_submit(event, ring_wake_flag(&flow_events));
}

SEC("cgroup/sock_release")
int sock_on_release(struct bpf_sock *ctx)
{
	struct udp_sock_info *info;
	struct udp_key first;
	__u64 key = address_of(ctx);

	if (ctx->protocol == IPPROTO_TCP) {
		own_connection(key, OWNER_HOLDER);
		end_unseen(key);
		return 1;
	}
	if (ctx->protocol == IPPROTO_MPTCP)
		own_connection((__u64)first_subflow((struct sock *)key), OWNER_HOLDER);
	if (ctx->protocol != IPPROTO_UDP)
		return 1;
	info = bpf_map_lookup_elem(&udp_socks, &key);
	if (!info)
		return 1;
	first = info->first;
	bpf_map_delete_elem(&udp_socks, &key);
	if (first.sk)
		end_udp_flow(&first);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
